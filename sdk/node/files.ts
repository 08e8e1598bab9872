/** Files and folders that are logged as artifacts. */
import type { Dirent } from "node:fs"
import { open, readdir, stat } from "node:fs/promises"
import { basename, join, relative, resolve, sep } from "node:path"
import { rm } from "node:fs/promises"
import type { FileAccess } from "../platform.ts"
import { gather } from "./gathered.ts"

/** Where an entry is. Node had another name for it before 20.12. */
export const folderOf = (entry: Dirent & { readonly path?: string }): string => entry.parentPath ?? entry.path ?? ""

export const files: FileAccess = {
  slice: async (path, start, end) => {
    const file = await open(path)
    try {
      const bytes = new Uint8Array(end - start)
      let length = 0
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, start + length)
        if (bytesRead === 0) break
        length += bytesRead
      }
      return bytes.subarray(0, length)
    } finally {
      await file.close()
    }
  },
  stat: async (path) => {
    try {
      const found = await stat(path)
      return { isFolder: found.isDirectory(), size: found.size, modified: found.mtimeMs }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null
      throw error
    }
  },
  list: async (folder) => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        relative(folder, join(folderOf(entry), entry.name))
          .split(sep)
          .join("/"),
      )
      .toSorted()
  },
  resolve: (path) => resolve(path),
  nameOf: (path) => basename(path),
  gather,
  discard: (path) => rm(path, { force: true }),
}
