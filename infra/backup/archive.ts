/** An archive as restore reads it: files by path, whether they lie in a folder or in a tar. Nothing of it is written anywhere. */
import { stat } from "node:fs/promises"
import { folderFiles } from "./folder-files.ts"
import { tarFiles } from "./tar-files.ts"
import { ArchiveUnsound } from "./unsound.ts"

export interface Archive {
  /** The path it was opened by. */
  readonly name: string
  /** The bytes of each file, by its path below the folder that holds the manifest. */
  readonly files: ReadonlyMap<string, number>
  /** What a file holds, in chunks. Throws {@link ArchiveUnsound} where there is no such file. */
  readonly chunks: (path: string) => AsyncIterable<Uint8Array>
  readonly close: () => Promise<void>
}

/**
 * Opens the folder, `.tar` or `.tar.gz` at a path. Throws {@link ArchiveUnsound} for one that is damaged, or made to do harm: a
 * path that leads out of it, a link, or more than `caps` allow. `scratch` is a folder for the plain tar of a compressed one,
 * which is kept there without a name: the entries of a tar are only ever read in place.
 */
export const openArchive = async (path: string, scratch: () => string, caps: Caps = defaultCaps): Promise<Archive> => {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new ArchiveUnsound({ message: `${path} is not there` })
  const opened = found.isDirectory() ? await folderFiles(path, caps) : await tarFiles(path, scratch, caps)
  return belowManifest(path, opened)
}

/** What an archive may hold at most. */
export interface Caps {
  readonly entries: number
  /** Bytes of one file, and of all together. */
  readonly entryBytes: number
  readonly totalBytes: number
  /** How many times its compressed size a tar may be, once it is larger than `freeBytes`. */
  readonly ratio: number
  readonly freeBytes: number
}

export const defaultCaps: Caps = {
  entries: 999_999,
  entryBytes: 2 ** 40,
  totalBytes: 2 ** 42,
  ratio: 200,
  freeBytes: 64 * 2 ** 20,
}

/** Files as they lie in what was opened. */
export type OpenedFiles = Omit<Archive, "name">

const belowManifest = async (name: string, opened: OpenedFiles): Promise<Archive> => {
  const root = [...opened.files.keys()].find((path) => /^([^/]+\/)?manifest\.json$/.test(path))?.slice(0, -"manifest.json".length)
  const outside = root === undefined ? undefined : [...opened.files.keys()].find((path) => !path.startsWith(root))
  if (root === undefined || outside !== undefined) {
    await opened.close()
    const message = root === undefined ? "has no manifest.json, so it is no backup" : `${outside} lies outside of ${root}`
    throw new ArchiveUnsound({ message: `${name}: ${message}` })
  }
  const files = new Map([...opened.files].map(([path, size]) => [path.slice(root.length), size]))
  return { name, files, chunks: (path) => opened.chunks(`${root}${path}`), close: opened.close }
}

/** A whole file, for what is small. Throws {@link ArchiveUnsound} for one that is missing or larger than `most` bytes. */
export const wholeFile = async (archive: Archive, path: string, most = 64 * 2 ** 20): Promise<Buffer> => {
  const size = archive.files.get(path)
  if (size === undefined) throw new ArchiveUnsound({ message: `${archive.name}: ${path} is missing` })
  if (size > most) throw new ArchiveUnsound({ message: `${archive.name}: ${path} has ${size} bytes, more than it can have` })
  const chunks: Uint8Array[] = []
  for await (const chunk of archive.chunks(path)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The lines of a text file, each with its number from 1 on; throws {@link ArchiveUnsound} for one that is too long to be one. */
export async function* linesOf(
  archive: Archive,
  path: string,
): AsyncGenerator<{ readonly number: number; readonly text: string }> {
  let rest: Buffer[] = []
  let held = 0
  let number = 0
  const decoder = new TextDecoder("utf-8", { fatal: true })
  const line = (bytes: Uint8Array): { readonly number: number; readonly text: string } => {
    number += 1
    try {
      return { number, text: decoder.decode(bytes) }
    } catch {
      throw new ArchiveUnsound({ message: `${archive.name}: ${path}, line ${number} is not UTF-8` })
    }
  }
  for await (const chunk of archive.chunks(path)) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let from = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      yield line(rest.length === 0 ? bytes.subarray(from, end) : Buffer.concat([...rest, bytes.subarray(from, end)]))
      rest = []
      held = 0
      from = end + 1
    }
    // A copy, for who gave the chunk may use its memory again.
    if (from < bytes.length) rest.push(Buffer.from(bytes.subarray(from)))
    held += bytes.length - from
    if (held > mostLine) throw new ArchiveUnsound({ message: `${archive.name}: ${path}, line ${number + 1} is too long` })
  }
  if (held > 0) yield line(Buffer.concat(rest))
}

/** Longer than any sample as JSON: 4 MiB of bytes as hexadecimal digits, and what is around them. */
const mostLine = 64 * 2 ** 20
