/**
 * Keys as FoundationDB's tuple layer encodes them, so that their byte order is the order of their elements.
 * Format: the tuple specification (null 00, bytes 01, string 02, integers 0b–1d, double 21, false 26, true 27).
 * The published package packs 1.0 as an integer, so this is our own.
 */
import { textOf } from "../domain/short-text.ts"
import { Float, int } from "../domain/value.ts"

/** Elements as in `domain/value.ts`: an integral number is an int, a {@link Float} a double. */
export type Element = null | boolean | number | bigint | Float | string | Uint8Array
export type Tuple = readonly Element[]

/** The key of a tuple under a prefix. */
export const pack = (tuple: Tuple, prefix: Uint8Array = nothing): Uint8Array => {
  let size = prefix.length
  for (const element of tuple) size += sizeBound(element)
  const begin = roomFor(size)
  slab.set(prefix, begin)
  let at = begin + prefix.length
  for (const element of tuple) at = write(element, slab, at)
  return taken(begin, at)
}

/**
 * Keys are made next to each other: how long one becomes is known only when it is there, and a small array of its own would
 * be moved to where other than V8 can read it as soon as a store does.
 */
const slabBytes = 32 * 1024
let slab = Buffer.allocUnsafeSlow(slabBytes)
let plain = new Uint8Array(slab.buffer)
let used = 0

const roomFor = (size: number): number => {
  if (used + size > slab.length) {
    slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, size))
    plain = new Uint8Array(slab.buffer)
    used = 0
  }
  return used
}

const taken = (begin: number, end: number): Uint8Array => {
  used = end
  return plain.subarray(begin, end)
}

/** The elements of a key's bytes from `start`. Throws on bytes that are no tuple. */
export const unpack = (key: Uint8Array, start = 0): Element[] => {
  const bytes = key instanceof Buffer ? key : Buffer.from(key.buffer, key.byteOffset, key.length)
  const elements: Element[] = []
  next = start
  while (next < bytes.length) elements.push(read(bytes, next))
  return elements
}

/** Where the element behind the one read last begins: a second result, without a pair for each element. */
let next = 0

/** The bounds of all keys that extend a packed tuple, without the tuple itself. */
export const under = (key: Uint8Array): readonly [begin: Uint8Array, end: Uint8Array] => [extended(key, 0), extended(key, 0xff)]

const extended = (key: Uint8Array, byte: number): Uint8Array => {
  const begin = roomFor(key.length + 1)
  const end = begin + key.length
  slab.set(key, begin)
  slab[end] = byte
  return taken(begin, end + 1)
}

const nothing = new Uint8Array()

const sizeBound = (element: Element): number => {
  if (typeof element === "string") return element.length * 3 + 2 + (element.includes("\0") ? element.length : 0)
  if (element instanceof Uint8Array) return element.length * 2 + 2
  if (typeof element === "bigint") return 12 + element.toString(16).length
  // An integral number may be as large as a float64 goes: 128 bytes and a head of two.
  return typeof element === "number" && !Number.isSafeInteger(element) ? 130 : 12
}

const write = (element: Element, out: Buffer, at: number): number => {
  if (element === null) return one(0x00, out, at)
  if (element === true) return one(0x27, out, at)
  if (element === false) return one(0x26, out, at)
  if (typeof element === "string") return writeString(element, out, at)
  if (element instanceof Uint8Array) return writeEscaped(0x01, element, out, at)
  if (element instanceof Float) return writeDouble(element.value, out, at)
  if (typeof element === "bigint") return writeInt(element, out, at)
  if (!Number.isInteger(element) || Object.is(element, -0)) return writeDouble(element, out, at)
  if (element >= 0 && element <= 0xffff_ffff) return writeSmall(element, out, at)
  return writeInt(BigInt(element), out, at)
}

const one = (byte: number, out: Buffer, at: number): number => {
  out[at] = byte
  return at + 1
}

const writeString = (text: string, out: Buffer, at: number): number => {
  out[at] = 0x02
  const plain = text.length <= short ? writePlain(text, out, at + 1) : 0
  if (plain > 0) return plain
  if (text.includes("\0")) return writeEscaped(0x02, Buffer.from(text), out, at)
  const end = at + 1 + out.write(text, at + 1)
  out[end] = 0
  return end + 1
}

/** So few characters are written faster one by one. */
const short = 40

/** Where a text of ASCII without NUL ends, its closing byte with it; 0 where it is none. */
const writePlain = (text: string, out: Buffer, start: number): number => {
  let at = start
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0 || code > 0x7f) return 0
    out[at++] = code
  }
  out[at] = 0
  return at + 1
}

const writeEscaped = (tag: number, bytes: Uint8Array, out: Buffer, start: number): number => {
  let at = one(tag, out, start)
  for (const byte of bytes) {
    at = one(byte, out, at)
    if (byte === 0) at = one(0xff, out, at)
  }
  return one(0, out, at)
}

const writeDouble = (value: number, out: Buffer, at: number): number => {
  out[at] = 0x21
  out.writeDoubleBE(value, at + 1)
  // A negative number has every bit flipped, a positive one its sign bit: then bytes order as numbers do.
  if ((out[at + 1]! & 0x80) !== 0) for (let i = 1; i <= 8; i++) out[at + i]! ^= 0xff
  else out[at + 1]! ^= 0x80
  return at + 9
}

const writeSmall = (value: number, out: Buffer, at: number): number => {
  const width = value === 0 ? 0 : value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4
  out[at] = 0x14 + width
  if (width > 0) out.writeUIntBE(value, at + 1, width)
  return at + 1 + width
}

const writeInt = (value: bigint, out: Buffer, at: number): number => {
  const magnitude = value < 0n ? -value : value
  const hex = magnitude === 0n ? "" : magnitude.toString(16)
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex")
  if (digits.length > 255) throw new RangeError("an integer of more than 255 bytes cannot be a key")
  // A negative number is written as its magnitude's complement, so that it orders below.
  if (value < 0n) for (let i = 0; i < digits.length; i++) digits[i]! ^= 0xff
  if (digits.length <= 8) out[at++] = value < 0n ? 0x14 - digits.length : 0x14 + digits.length
  else {
    out[at++] = value < 0n ? 0x0b : 0x1d
    out[at++] = value < 0n ? digits.length ^ 0xff : digits.length
  }
  out.set(digits, at)
  return at + digits.length
}

/** The element at a place; moves {@link next}. */
const read = (bytes: Buffer, at: number): Element => {
  const tag = bytes[at]!
  if (tag === 0x01 || tag === 0x02) return readEscaped(bytes, at)
  if (tag >= 0x0c && tag <= 0x1c) return readInt(bytes, at + 1, Math.abs(tag - 0x14), tag < 0x14)
  next = at + 1
  if (tag === 0x00) return null
  if (tag === 0x26 || tag === 0x27) return tag === 0x27
  if (tag === 0x1d) return readInt(bytes, at + 2, bytes[at + 1]!, false)
  if (tag === 0x0b) return readInt(bytes, at + 2, bytes[at + 1]! ^ 0xff, true)
  if (tag !== 0x21) throw new RangeError(`no tuple element begins with 0x${tag.toString(16)}`)
  next = at + 9
  return readDouble(bytes, at + 1)
}

const readDouble = (bytes: Buffer, at: number): number | Float => {
  const [high, low] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
  const isNegative = high < 0x8000_0000
  eight.setUint32(0, isNegative ? ~high : high ^ 0x8000_0000)
  eight.setUint32(4, isNegative ? ~low : low)
  const value = eight.getFloat64(0)
  return Number.isInteger(value) ? new Float(value) : value
}

const eight = new DataView(new ArrayBuffer(8))

const readEscaped = (bytes: Buffer, start: number): string | Uint8Array => {
  let end = bytes.indexOf(0, start + 1)
  let escaped = false
  while (end !== -1 && bytes[end + 1] === 0xff) {
    escaped = true
    end = bytes.indexOf(0, end + 2)
  }
  if (end === -1) throw new RangeError("a tuple element is cut short")
  next = end + 1
  if (bytes[start] === 0x02 && !escaped) return textOf(bytes, start + 1, end)
  const raw = bytes.subarray(start + 1, end)
  const body = escaped ? unescape(raw) : raw
  return bytes[start] === 0x02 ? body.toString("utf8") : new Uint8Array(body)
}

const unescape = (raw: Buffer): Buffer => Buffer.from(raw.filter((_, i) => i === 0 || raw[i - 1] !== 0 || raw[i] !== 0xff))

const readInt = (bytes: Buffer, at: number, width: number, negative: boolean): number | bigint => {
  if (at + width > bytes.length) throw new RangeError("a tuple element is cut short")
  next = at + width
  if (width === 0) return 0
  if (width <= 4 && !negative) return bytes.readUIntBE(at, width)
  const digits = Buffer.from(bytes.subarray(at, at + width))
  if (negative) for (let i = 0; i < width; i++) digits[i]! ^= 0xff
  const magnitude = BigInt(`0x${digits.toString("hex")}`)
  return int(negative ? -magnitude : magnitude)
}
