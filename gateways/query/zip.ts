/**
 * Archives that are written while they are sent: nothing is held but the names. Entries are stored uncompressed, with
 * sizes of 64 bits, behind their contents, and readable by their owner alone.
 */
import { PassThrough, Readable } from "node:stream"
import { finished } from "node:stream/promises"
import { ZipFile } from "yazl"

export interface ZipEntry {
  /** A path in the archive; made safe, and unlike those before it. */
  readonly name: string
  /** In bytes; a body of another size is an error. Unknown sizes may be left out. */
  readonly size?: number
  readonly modified: Date
  readonly body: AsyncIterable<Uint8Array>
}

/** Readable and writable by the owner of a regular file. */
const mode = 0o100600
/** What both date fields of an entry can hold; an earlier date makes the library throw. */
const earliest = Date.UTC(1980, 0, 2)
const latest = Date.UTC(2037, 11, 31)

/**
 * The archive of the entries, in their order. Each is asked for when the one before has been read, and no faster than
 * the archive is; destroying the archive ends both. It fails with the error of an entry, cut where it then is.
 */
export const zipStream = (entries: AsyncIterable<ZipEntry>): Readable => {
  const archive = new PassThrough()
  const zip = new ZipFile()
  zip.on("error", (error) => archive.destroy(error))
  zip.outputStream.pipe(archive)
  fill(zip, archive, entries).catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error("an entry failed", { cause: error })),
  )
  return archive
}

/** A relative path that leads nowhere but into the folder it is unpacked in. */
export const safeEntryName = (name: string): string => {
  const parts = name
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex -- they are what must not get into a file's name
    .replaceAll(/[\u0000-\u001f\u007f]/g, "_")
    .split(/[/\\]/)
    .filter((part) => part !== "" && part !== "." && part !== "..")
  return parts.join("/").replace(/^([a-z]):/i, "$1_") || "unnamed"
}

const fill = async (zip: ZipFile, archive: Readable, entries: AsyncIterable<ZipEntry>): Promise<void> => {
  const names = new Set<string>()
  for await (const entry of entries) {
    if (archive.destroyed) return
    await add(zip, archive, entry, unlike(names, safeEntryName(entry.name)))
  }
  zip.end()
}

const add = async (zip: ZipFile, archive: Readable, entry: ZipEntry, name: string): Promise<void> => {
  const body = Readable.from(entry.body, { objectMode: false })
  const abandon = (): void => void body.destroy()
  archive.once("close", abandon)
  const size = entry.size === undefined ? {} : { size: entry.size }
  const mtime = new Date(Math.min(Math.max(entry.modified.getTime(), earliest), latest))
  zip.addReadStream(body, name, { ...size, mtime, mode, compress: false, forceZip64Format: true })
  try {
    await finished(body)
  } finally {
    archive.off("close", abandon)
  }
}

/** The name, with a number before its ending where an entry has it already; it is then taken. */
const unlike = (names: Set<string>, name: string): string => {
  const dot = name.lastIndexOf(".")
  const cut = dot > name.lastIndexOf("/") + 1 ? dot : name.length
  let free = name
  for (let i = 2; names.has(free); i += 1) free = `${name.slice(0, cut)} (${i})${name.slice(cut)}`
  names.add(free)
  return free
}
