import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/**
 * Whether a folder was used before in this very run of the machine; from now on it was. Then what processes wrote is there,
 * flushed or not. False where systems do not tell one run from the next.
 */
export const wasUsedSinceBoot = (folder: string): boolean => {
  const boot = bootId()
  if (boot === undefined) return false
  const mark = join(folder, "boot")
  if (contentOf(mark) === boot) return true
  writeFileSync(mark, boot, { mode: 0o600 })
  return false
}

const bootId = (): string | undefined => contentOf("/proc/sys/kernel/random/boot_id")

const contentOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8").trim()
  } catch {
    return undefined
  }
}
