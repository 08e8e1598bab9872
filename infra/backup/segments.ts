/**
 * Records of one partition in a file. Each: length of the rest (4 bytes), CRC-32 of the rest (4), kind (1), offset (6), length of
 * the key (2), key (UTF-8), the record's bytes; integers big-endian. Kind 0: an event in the log's own format (00, id of its schema in
 * this backup, Avro). Kind 1: bytes that could not be read as an event, as they lay in the log.
 */
import { crc32 } from "node:zlib"
import type { Archive } from "./archive.ts"
import { ArchiveUnsound } from "./unsound.ts"

export interface KeptRecord {
  readonly offset: number
  readonly key: string
  readonly bytes: Uint8Array
  readonly isEvent: boolean
}

const head = 8
const fixed = 9

export const recordBytes = ({ offset, key, bytes, isEvent }: KeptRecord): Buffer => {
  const keyLength = Buffer.byteLength(key)
  const out = Buffer.allocUnsafe(head + fixed + keyLength + bytes.length)
  out.writeUInt32BE(out.length - 4)
  out[head] = isEvent ? 0 : 1
  out.writeUIntBE(offset, head + 1, 6)
  out.writeUInt16BE(keyLength, head + 7)
  out.write(key, head + fixed)
  out.set(bytes, head + fixed + keyLength)
  out.writeUInt32BE(crc32(out.subarray(head)), 4)
  return out
}

/** The records of a file. Throws {@link ArchiveUnsound} at the first that is not as it was written, and says where. */
export async function* recordsIn(archive: Archive, path: string): AsyncGenerator<KeptRecord> {
  let held: Buffer = Buffer.alloc(0)
  let at = 0
  const refuse = (why: string): never => {
    throw new ArchiveUnsound({ message: `${archive.name}: ${path}, the record at byte ${at} ${why}` })
  }
  for await (const chunk of archive.chunks(path)) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk])
    let from = 0
    while (held.length - from >= 4) {
      const length = held.readUInt32BE(from)
      if (length < 4 + fixed || length > mostRecord) refuse("is damaged")
      if (held.length - from < 4 + length) break
      const body = held.subarray(from + head, from + 4 + length)
      if (crc32(body) !== held.readUInt32BE(from + 4)) refuse("is damaged")
      yield recordOf(body)
      from += 4 + length
      at += 4 + length
    }
    held = held.subarray(from)
  }
  if (held.length > 0) refuse("is cut off")
}

const recordOf = (body: Buffer): KeptRecord => {
  const keyEnd = fixed + body.readUInt16BE(7)
  return {
    offset: body.readUIntBE(1, 6),
    key: body.toString("utf8", fixed, keyEnd),
    bytes: body.subarray(keyEnd),
    isEvent: body[0] === 0,
  }
}

/** Above the largest event of any log. */
const mostRecord = 64 * 2 ** 20
