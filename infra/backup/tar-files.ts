/** Tars by the POSIX "pax interchange format" (IEEE Std 1003.1, ustar with extended headers), and GNU's long names. */
import { createReadStream, mkdtempSync, rmSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { join } from "node:path"
import { createGunzip } from "node:zlib"
import type { Caps, OpenedFiles } from "./archive.ts"
import { ArchiveUnsound, pathProblem } from "./unsound.ts"

const block = 512

interface Entry {
  /** Where its bytes begin in the tar. */
  readonly at: number
  readonly size: number
}

/** The files of a tar, compressed or not. Throws {@link ArchiveUnsound} for what is damaged or does not belong in a backup. */
export const tarFiles = async (path: string, scratch: () => string, caps: Caps): Promise<OpenedFiles> => {
  const file = await plainTar(path, scratch, caps)
  try {
    const entries = await entriesOf(path, file, caps)
    const chunks = (name: string): AsyncIterable<Uint8Array> => {
      const entry = entries.get(name)
      if (entry === undefined) throw new ArchiveUnsound({ message: `${path}: ${name} is missing` })
      return pieces(file, entry)
    }
    return { files: new Map([...entries].map(([name, { size }]) => [name, size])), chunks, close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

const plainTar = async (path: string, scratch: () => string, caps: Caps): Promise<FileHandle> => {
  const given = await open(path, "r")
  const start = Buffer.alloc(2)
  await given.read(start, 0, 2, 0)
  if (start[0] !== 0x1f || start[1] !== 0x8b) return given
  const { size } = await given.stat()
  await given.close()
  const folder = mkdtempSync(join(scratch(), "restore-"))
  const plain = await open(join(folder, "tar"), "w+", 0o600)
  rmSync(folder, { recursive: true })
  try {
    const mostBytes = Math.min(caps.totalBytes, Math.max(caps.freeBytes, size * caps.ratio))
    await inflate(path, plain, mostBytes)
    return plain
  } catch (error) {
    await plain.close()
    throw error
  }
}

const inflate = async (path: string, into: FileHandle, most: number): Promise<void> => {
  let written = 0
  const from = createReadStream(path)
  const gunzip = from.pipe(createGunzip())
  from.on("error", (error) => gunzip.destroy(error))
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      written += chunk.length
      if (written > most) throw new ArchiveUnsound({ message: `${path} inflates beyond ${most} bytes, as no backup does` })
      await into.write(chunk)
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? ""
    if (code !== "" && !code.startsWith("Z_") && !code.startsWith("ERR_")) throw cause
    if (cause instanceof ArchiveUnsound) throw cause
    throw new ArchiveUnsound({ message: `${path} is damaged behind byte ${written} of its tar: ${(cause as Error).message}` })
  } finally {
    from.destroy()
  }
}

/** What extended headers say of the entry after them. */
interface Extended {
  path?: string
  size?: number
}

const entriesOf = async (name: string, file: FileHandle, caps: Caps): Promise<ReadonlyMap<string, Entry>> => {
  const { size: end } = await file.stat()
  const entries = new Map<string, Entry>()
  const refuse = (at: number, why: string): never => {
    throw new ArchiveUnsound({ message: `${name}: the entry at byte ${at} ${why}` })
  }
  let total = 0
  let headers = 0
  let extended: Extended = {}
  for (let at = 0; ;) {
    const header = await read(file, at, block)
    if (header.length < block && at === 0)
      throw new ArchiveUnsound({ message: `${name} is no backup: neither a folder nor a tar archive, packed or not` })
    if (header.length < block) return refuse(at, "is cut off")
    if (header.every((byte) => byte === 0)) return entries
    if (!isSound(header)) return refuse(at, "has a damaged header")
    const size = extended.size ?? numberIn(header, 124, 12)
    const begin = at + block
    const next = begin + Math.ceil(size / block) * block
    const type = String.fromCharCode(header[156] === 0 ? 48 : header[156]!)
    if (!Number.isSafeInteger(size) || size < 0 || size > caps.entryBytes) return refuse(at, "is larger than a file may be")
    if (next > end) return refuse(at, "is cut off")
    if (++headers > 4 * caps.entries) return refuse(at, "is one of too many")
    if ("xLg".includes(type)) {
      if (size > mostHeader) return refuse(at, "has too long a header")
      const said = await read(file, begin, size)
      if (type !== "g") Object.assign(extended, type === "x" ? paxOf(said) : { path: textIn(said, 0, size) })
    } else {
      const path = (extended.path ?? nameIn(header)).replace(/^(\.\/)+/, "").replace(/\/$/, "")
      extended = {}
      const isRoot = type === "5" && (path === "." || path === "")
      const problem = isRoot ? null : pathProblem(path)
      if (problem !== null) return refuse(at, `(${JSON.stringify(path)}) ${problem}`)
      if (type !== "0" && type !== "5") return refuse(at, `(${path}) is a link or no plain file`)
      if (type === "0") {
        total += size
        if (entries.has(path)) return refuse(at, `(${path}) is there twice`)
        if (entries.size >= caps.entries) return refuse(at, `is one of more than ${caps.entries} files`)
        if (total > caps.totalBytes) return refuse(at, "makes it larger than a backup may be")
        entries.set(path, { at: begin, size })
      }
    }
    at = next
  }
}

/** A path of 4 KiB and what else may stand beside it. */
const mostHeader = 64 * 1024

const read = async (file: FileHandle, at: number, length: number): Promise<Buffer> => {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}

async function* pieces(file: FileHandle, { at, size }: Entry): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size;) {
    const piece = await read(file, at + done, Math.min(256 * 1024, size - done))
    if (piece.length === 0) throw new ArchiveUnsound({ message: "the archive was cut off while it was read" })
    done += piece.length
    yield piece
  }
}

/** Whether the header's own sum is right; its field counts as blanks. */
const isSound = (header: Buffer): boolean => {
  let sum = 8 * 32
  for (let i = 0; i < block; i++) if (i < 148 || i >= 156) sum += header[i]!
  return sum === numberIn(header, 148, 8)
}

/** An octal number, or where the first bit is set a binary one. */
const numberIn = (header: Buffer, at: number, length: number): number => {
  if ((header[at]! & 0x80) !== 0) return Number(header.readBigUInt64BE(at + length - 8) & 0x7fffffffffffffffn)
  const text = textIn(header, at, length).trim()
  return /^[0-7]*$/.test(text) ? Number.parseInt(text === "" ? "0" : text, 8) : Number.NaN
}

const textIn = (bytes: Buffer, at: number, length: number): string => {
  const field = bytes.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.toString("utf8", 0, end < 0 ? length : end)
}

const nameIn = (header: Buffer): string => {
  const prefix = textIn(header, 257, 5) === "ustar" && header[262] === 0 ? textIn(header, 345, 155) : ""
  const name = textIn(header, 0, 100)
  return prefix === "" ? name : `${prefix}/${name}`
}

/** The records `<length> <key>=<value>\n` of an extended header; the length counts the whole record, in bytes. */
const paxOf = (header: Buffer): Extended => {
  const found: Extended = {}
  for (let at = 0; at < header.length;) {
    const blank = header.indexOf(32, at)
    const length = Number(header.toString("latin1", at, blank))
    if (blank < 0 || !Number.isInteger(length) || length <= blank - at || at + length > header.length) break
    const [, key, value] = /^([^=]*)=([\s\S]*)\n$/.exec(header.toString("utf8", blank + 1, at + length)) ?? []
    if (key === "path" && value !== undefined) found.path = value
    if (key === "size") found.size = Number(value)
    at += length
  }
  return found
}
