/**
 * The files that frames are kept in. A segment is named by the number of its first frame; a record is the length of the frame (uint32),
 * the CRC-32 of all that follows (uint32) and the frame's number (float64), all little-endian, and then the frame.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writevSync } from "node:fs"
import { join } from "node:path"
import * as zlib from "node:zlib"
import type { StoredFrame } from "../platform.ts"

const headBytes = 16
const suffix = ".frames"

export const segmentPath = (folder: string, first: number): string => join(folder, `${first}${suffix}`)

/** The number that a segment of this file name begins with; undefined where it is none. */
export const firstOf = (name: string): number | undefined => {
  const first = name.endsWith(suffix) ? Number(name.slice(0, -suffix.length)) : Number.NaN
  return Number.isSafeInteger(first) && first >= 0 ? first : undefined
}

/** Appends a record to an open file of so many bytes and answers its new size. Leaves nothing of it behind where it throws. */
export const appendRecord = (file: number, size: number, { seq, bytes }: StoredFrame): number => {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32LE(bytes.length, 0)
  head.writeDoubleLE(seq, 8)
  head.writeUInt32LE(checksum(head, bytes), 4)
  const wanted = headBytes + bytes.length
  try {
    if (writevSync(file, [head, bytes], size) === wanted) return size + wanted
    throw new Error("the disk took only a part")
  } catch (error) {
    ftruncateSync(file, size)
    throw error
  }
}

/** Reads one segment from its beginning to its end. */
export class SegmentReader {
  readonly first: number
  readonly #file: number
  #offset = 0
  /** The number of the frame at the offset, at least. */
  next: number

  constructor(folder: string, first: number) {
    this.first = this.next = first
    this.#file = openSync(segmentPath(folder, first), "r")
  }

  /** The next frame; "damaged" for one that is passed over, or in whose place nothing can be told apart up to the end. */
  read(): StoredFrame | "end" | "damaged" {
    const left = fstatSync(this.#file).size - this.#offset
    if (left === 0) return "end"
    const head = left < headBytes ? null : this.#bytes(headBytes, this.#offset)
    const length = head?.readUInt32LE(0) ?? left
    if (head === null || length > left - headBytes) {
      this.#offset += left
      return "damaged"
    }
    const bytes = this.#bytes(length, this.#offset + headBytes)
    this.#offset += headBytes + length
    if (checksum(head, bytes) !== head.readUInt32LE(4)) return "damaged"
    const seq = head.readDoubleLE(8)
    this.next = seq + 1
    return { seq, bytes }
  }

  get isAtEnd(): boolean {
    return this.#offset >= fstatSync(this.#file).size
  }

  /** Goes back to its beginning. */
  rewind(): void {
    this.#offset = 0
    this.next = this.first
  }

  close(): void {
    closeSync(this.#file)
  }

  #bytes(length: number, at: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    const read = readSync(this.#file, bytes, 0, length, at)
    return read === length ? bytes : bytes.subarray(0, read)
  }
}

const checksum = (head: Buffer, bytes: Uint8Array): number => crc32(bytes, crc32(head.subarray(8, headBytes), 0))

/** Of every byte, the CRC-32 by the polynomial of zlib. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

const crcByTable = (bytes: Uint8Array, before: number): number => {
  let crc = ~before
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 255]!
  return ~crc >>> 0
}

/** Node has one of its own from 20.15 on. */
const crc32: (bytes: Uint8Array, before: number) => number = zlib.crc32 ?? crcByTable
