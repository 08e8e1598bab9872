/** Folders of a small size, which can be filled, emptied and made read-only while a server runs on them. */
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { onTestFinished } from "vitest"

export interface SmallFolder {
  readonly path: string
  /** Takes all the room that is left, with a file that stands in nobody's way. */
  readonly fill: () => void
  /** Gives that room back. */
  readonly empty: () => void
  readonly setReadOnly: (readOnly: boolean) => void
}

/**
 * A file system of its own in memory, `at` a path, of so many MiB; it is gone when the test is over. Mounting is for root
 * alone: where it is refused the test fails, for then nothing here is tried.
 */
export const smallFolder = (at: string, mebibytes: number): SmallFolder => {
  mkdirSync(at, { recursive: true })
  mounting(["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", at])
  onTestFinished(() => mounted("umount", ["-l", at]))
  const ballast = join(at, "ballast")
  return {
    path: at,
    fill: () => fillWith(ballast, at),
    empty: () => rmSync(ballast, { force: true }),
    setReadOnly: (readOnly) => mounting(["-o", `remount,${readOnly ? "ro" : "rw"}`, at]),
  }
}

const fillWith = (ballast: string, folder: string): void => {
  const chunk = Buffer.alloc(64 * 1024, 1)
  const { bavail, bsize } = statfsSync(folder)
  try {
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - chunk.length), 1))
    for (;;) writeFileSync(ballast, chunk, { flag: "a" })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
  }
}

const mounting = (args: readonly string[]): void => mounted("mount", args)

const mounted = (program: "mount" | "umount", args: readonly string[]): void => {
  try {
    execFileSync(program, args, { stdio: "pipe" })
  } catch (error) {
    throw new Error(`${program} is refused: run these tests as root, or in a container with CAP_SYS_ADMIN`, { cause: error })
  }
}
