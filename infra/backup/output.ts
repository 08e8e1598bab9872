/** Where a backup is written: under a hidden name until it is whole, so that what was cut short is no backup. */
import { createHash } from "node:crypto"
import { existsSync, statSync } from "node:fs"
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { packFolder } from "./tar-write.ts"

/** What was written of one file. */
export interface Written {
  readonly bytes: number
  readonly sha256: string
}

export interface OutputFile {
  readonly write: (data: string | Uint8Array) => Promise<void>
  readonly end: () => Promise<Written>
}

export interface Output {
  /** The name under which it will stand. */
  readonly name: string
  readonly file: (path: string) => Promise<OutputFile>
  /** Removes what was written below a path. */
  readonly remove: (path: string) => Promise<void>
  /** Gives a file another path. */
  readonly move: (from: string, to: string) => Promise<void>
  /** Puts it down for good, packed where that is asked for; answers its path. */
  readonly publish: (packed: boolean) => Promise<string>
  /** Removes what was not published. */
  readonly discard: () => Promise<void>
}

/** Begins a backup in a folder, which is made (not those above it: a disk that is not mounted has none), under `<prefix>-YYYYMMDD-HHMMSS` (UTC): the first such name from now on that is free. */
export const beginOutput = async (folder: string, prefix: string, now: number): Promise<Output> => {
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT")
      throw new Error(`${dirname(resolve(folder))}, where ${basename(folder)} is to be made, is not there`)
    if (error.code !== "EEXIST") throw error
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is no folder to write a backup into`)
  })
  let seconds = Math.floor(now / 1000)
  const nameAt = (at: number) =>
    `${prefix}-${new Date(at * 1000)
      .toISOString()
      .replaceAll(/[-:]|\..*/g, "")
      .replace("T", "-")}`
  const isTaken = (name: string) => [name, `${name}.tar.gz`, `.${name}.partial`].some((one) => existsSync(join(folder, one)))
  while (isTaken(nameAt(seconds))) seconds += 1
  const name = nameAt(seconds)
  const partial = join(folder, `.${name}.partial`)
  await mkdir(partial)
  return {
    name,
    file: (path) => outputFile(join(partial, path)),
    remove: (path) => rm(join(partial, path), { recursive: true, force: true }),
    move: async (from, to) => {
      await mkdir(dirname(join(partial, to)), { recursive: true })
      await rename(join(partial, from), join(partial, to))
    },
    publish: (packed) => publish(folder, name, partial, packed, seconds),
    discard: async () => {
      await rm(partial, { recursive: true, force: true })
      await rm(`${partial}.tar.gz`, { force: true })
    },
  }
}

const publish = async (folder: string, name: string, partial: string, packed: boolean, seconds: number): Promise<string> => {
  const final = resolve(folder, packed ? `${name}.tar.gz` : name)
  if (packed) await packFolder(partial, name, `${partial}.tar.gz`, seconds)
  await rename(packed ? `${partial}.tar.gz` : partial, final)
  await syncFolder(folder)
  await rm(partial, { recursive: true, force: true })
  return final
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r")
  await handle.sync().finally(() => handle.close())
}

/** Small writes are gathered. */
const fullBuffer = 1024 * 1024

const outputFile = async (path: string): Promise<OutputFile> => {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, "w", 0o600)
  const hash = createHash("sha256")
  let bytes = 0
  let held: Uint8Array[] = []
  let heldBytes = 0
  const flush = async (): Promise<void> => {
    const all = held.length === 1 ? held[0]! : Buffer.concat(held)
    held = []
    heldBytes = 0
    if (all.length > 0) await writeWhole(file, all)
    hash.update(all)
    bytes += all.length
  }
  return {
    write: async (data) => {
      const some = typeof data === "string" ? Buffer.from(data) : data
      held.push(some)
      heldBytes += some.length
      if (heldBytes >= fullBuffer) await flush()
    },
    end: async () => {
      try {
        await flush()
        await file.sync()
      } finally {
        await file.close()
      }
      return { bytes, sha256: hash.digest("hex") }
    },
  }
}

const writeWhole = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten
}
