import { createReadStream } from "node:fs"
import { lstat, readdir } from "node:fs/promises"
import { join } from "node:path"
import type { Caps, OpenedFiles } from "./archive.ts"
import { ArchiveUnsound, pathProblem } from "./unsound.ts"

/** The files of a folder. Throws {@link ArchiveUnsound} for links and whatever else is no plain file, and beyond the caps. */
export const folderFiles = async (folder: string, caps: Caps): Promise<OpenedFiles> => {
  const files = new Map<string, number>()
  let total = 0
  const refuse = (path: string, why: string): never => {
    throw new ArchiveUnsound({ message: `${folder}: ${path} ${why}` })
  }
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`
      const problem = pathProblem(path)
      if (problem !== null) refuse(path, problem)
      if (entry.isDirectory()) await walk(path)
      else if (!entry.isFile()) refuse(path, "is a link or no plain file")
      else {
        const { size } = await lstat(join(folder, path))
        files.set(path, size)
        total += size
        if (files.size > caps.entries) refuse(path, `is one of more than ${caps.entries} files`)
        if (size > caps.entryBytes || total > caps.totalBytes) refuse(path, "makes it larger than a backup may be")
      }
    }
  }
  await walk("")
  return { files, chunks: (path) => readFrom(join(folder, path), files.has(path)), close: () => Promise.resolve() }
}

const readFrom = (path: string, isKnown: boolean): AsyncIterable<Uint8Array> => {
  if (!isKnown) throw new ArchiveUnsound({ message: `${path} is missing` })
  return createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>
}
