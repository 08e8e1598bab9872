/** Writes tars by the POSIX "pax interchange format". */
import { createReadStream, createWriteStream } from "node:fs"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGzip } from "node:zlib"
import { join } from "node:path"
import { folderFiles } from "./folder-files.ts"
import { defaultCaps } from "./archive.ts"

const block = 512

/** Packs a folder, as `<name>/…`, into a compressed tar; `seconds` (Unix) is the time of every entry. */
export const packFolder = async (folder: string, name: string, into: string, seconds: number): Promise<void> =>
  pipeline(
    Readable.from(tarOf(folder, name, Math.floor(seconds))),
    createGzip(),
    createWriteStream(into, { mode: 0o600, flush: true }),
  )

async function* tarOf(folder: string, name: string, seconds: number): AsyncGenerator<Uint8Array> {
  const { files } = await folderFiles(folder, defaultCaps)
  yield headerOf(`${name}/`, 0, "5", seconds)
  for (const [path, size] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const full = `${name}/${path}`
    if (Buffer.byteLength(full) > 100 || size >= 2 ** 33) {
      const said = Buffer.from(paxRecord("path", full) + paxRecord("size", String(size)))
      yield* padded(headerOf("pax", said.length, "x", seconds), said)
    }
    yield headerOf(full, size, "0", seconds)
    yield* createReadStream(join(folder, path)) as AsyncIterable<Uint8Array>
    yield Buffer.alloc((block - (size % block)) % block)
  }
  yield Buffer.alloc(2 * block)
}

function* padded(header: Uint8Array, content: Uint8Array): Generator<Uint8Array> {
  yield header
  yield content
  yield Buffer.alloc((block - (content.length % block)) % block)
}

/** Its length counts itself. */
const paxRecord = (key: string, value: string): string => {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (String(length).length > String(rest).length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

/** What does not fit a field stands in the extended header before it. */
const headerOf = (path: string, size: number, type: "0" | "5" | "x", seconds: number): Buffer => {
  const header = Buffer.alloc(block)
  const octal = (value: number, at: number, length: number) =>
    header.write(
      `${value
        .toString(8)
        .padStart(length - 1, "0")
        .slice(-(length - 1))}\0`,
      at,
      "latin1",
    )
  header.write(path, 0, 100)
  octal(type === "5" ? 0o755 : 0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(seconds, 136, 12)
  header.fill(" ", 148, 156)
  header.write(type, 156)
  header.write("ustar\x0000", 257, "latin1")
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return header
}
