/**
 * MessagePack as the stored values have it: smallest integer form, floats always float64, maps in insertion order.
 * A library would write the float 1.0 as the integer 1 and read it back as one, so this is our own.
 * Format: the MessagePack specification; the extension 1 (a datetime) is of the stored layout.
 */
import { ScratchBytes } from "./scratch-bytes.ts"
import { textOf } from "./short-text.ts"
import { Float, int, type Value } from "./value.ts"

/** The value cannot be stored: an integer beyond 64 bits, or bytes that are not MessagePack. */
export class MsgpackError extends Error {
  override readonly name = "MsgpackError"
}

/** Encodes a value. Throws {@link MsgpackError} for integers outside -2^63 … 2^64-1. */
export const encodeValue = (value: Value): Uint8Array => {
  writer.begin()
  writer.value(value)
  return writer.done()
}

/** Decodes one value that fills the bytes exactly; datetimes come back as Unix seconds (a float). Throws {@link MsgpackError}. */
export const decodeValue = (bytes: Uint8Array): Value => {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  if (reader.at !== bytes.length) throw new MsgpackError(`${bytes.length - reader.at} bytes after the value`)
  return value
}

const deepest = 512

class Writer extends ScratchBytes {
  value(value: Value): void {
    if (value === null) this.#byte(0xc0)
    else if (typeof value === "boolean") this.#byte(value ? 0xc3 : 0xc2)
    else if (typeof value === "string") this.#string(value)
    else if (typeof value === "number") this.#number(value)
    else if (value instanceof Float) this.#float(value.value)
    else if (typeof value === "bigint") this.#bigint(value)
    else if (value instanceof Uint8Array) this.#bytes(value)
    else if (value instanceof Map) this.#map(value)
    else this.#list(value as readonly Value[])
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#int(value)
    else this.#float(value)
  }

  #byte(byte: number): void {
    const at = this.reserve(1)
    this.buffer[at] = byte
  }

  #float(value: number): void {
    const at = this.reserve(9)
    this.buffer[at] = 0xcb
    // Every NaN is written alike, whatever bits it came with: equal values have equal bytes.
    this.buffer.writeDoubleBE(Number.isNaN(value) ? Number.NaN : value, at + 1)
  }

  #int(value: number): void {
    if (value >= 0) {
      if (value < 0x80) this.#byte(value)
      else if (value < 0x100) this.#sized(0xcc, value, 1)
      else if (value < 0x10000) this.#sized(0xcd, value, 2)
      else if (value < 0x1_0000_0000) this.#sized(0xce, value, 4)
      else this.#bigint(BigInt(value))
    } else if (value >= -32) this.#byte(0x100 + value)
    else if (value >= -0x80) this.#sized(0xd0, 0x100 + value, 1)
    else if (value >= -0x8000) this.#sized(0xd1, 0x10000 + value, 2)
    else if (value >= -0x8000_0000) this.#sized(0xd2, 0x1_0000_0000 + value, 4)
    else this.#bigint(BigInt(value))
  }

  #bigint(value: bigint): void {
    if (value >= -0x8000_0000n && value <= 0xffff_ffffn) return this.#int(Number(value))
    if (value > 0xffff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n)
      throw new MsgpackError("an integer does not fit 64 bits")
    const at = this.reserve(9)
    this.buffer[at] = value >= 0n ? 0xcf : 0xd3
    this.buffer.writeBigUInt64BE(BigInt.asUintN(64, value), at + 1)
  }

  #sized(tag: number, value: number, width: 1 | 2 | 4): void {
    const at = this.reserve(1 + width)
    this.buffer[at] = tag
    this.buffer.writeUIntBE(value, at + 1, width)
  }

  #length(length: number, short: number, most: number, tags: readonly [number | null, number, number]): void {
    if (length <= most) this.#byte(short + length)
    else if (tags[0] !== null && length < 0x100) this.#sized(tags[0], length, 1)
    else if (length < 0x10000) this.#sized(tags[1], length, 2)
    else this.#sized(tags[2], length, 4)
  }

  #string(value: string): void {
    const size = Buffer.byteLength(value)
    this.#length(size, 0xa0, 31, [0xd9, 0xda, 0xdb])
    const at = this.reserve(size)
    this.buffer.write(value, at)
  }

  #bytes(value: Uint8Array): void {
    this.#length(value.length, 0, -1, [0xc4, 0xc5, 0xc6])
    const at = this.reserve(value.length)
    this.buffer.set(value, at)
  }

  #list(value: readonly Value[]): void {
    this.#length(value.length, 0x90, 15, [null, 0xdc, 0xdd])
    for (const item of value) this.value(item)
  }

  #map(value: ReadonlyMap<string, Value>): void {
    this.#length(value.size, 0x80, 15, [null, 0xde, 0xdf])
    for (const [key, item] of value) {
      this.#string(key)
      this.value(item)
    }
  }
}

/** One for all: encoding never waits, and one for each value would cost more than most values. */
const writer = new Writer()

class Reader {
  readonly #buffer: Buffer
  at = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  value(depth: number): Value {
    if (depth > deepest) throw new MsgpackError(`deeper than ${deepest}`)
    const tag = this.#uint(1)
    if (tag < 0x80) return tag
    if (tag >= 0xe0) return tag - 0x100
    if (tag < 0x90) return this.#map(tag & 0x0f, depth)
    if (tag < 0xa0) return this.#list(tag & 0x0f, depth)
    if (tag < 0xc0) return this.#string(tag & 0x1f)
    return this.#tagged(tag, depth)
  }

  #tagged(tag: number, depth: number): Value {
    switch (tag) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return new Uint8Array(this.#take(this.#uint(1 << (tag - 0xc4))))
      case 0xc7:
        return this.#datetime(this.#uint(1))
      case 0xcb:
        return asFloat(this.#buffer.readDoubleBE(this.#pass(8)))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (tag - 0xcc))
      case 0xcf:
        return int(this.#buffer.readBigUInt64BE(this.#pass(8)))
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.#buffer.readIntBE(this.#pass(1 << (tag - 0xd0)), 1 << (tag - 0xd0))
      case 0xd3:
        return int(this.#buffer.readBigInt64BE(this.#pass(8)))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#uint(1 << (tag - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.#list(this.#uint(2 << (tag - 0xdc)), depth)
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(2 << (tag - 0xde)), depth)
      default:
        throw new MsgpackError(`unknown tag 0x${tag.toString(16)}`)
    }
  }

  #take(size: number): Buffer {
    const from = this.#pass(size)
    return this.#buffer.subarray(from, this.at)
  }

  /** Where the next bytes begin; the reader goes on behind them. */
  #pass(size: number): number {
    const from = this.at
    if (from + size > this.#buffer.length) throw new MsgpackError("the value is cut short")
    this.at = from + size
    return from
  }

  #uint(width: number): number {
    const from = this.#pass(width)
    return width === 1 ? this.#buffer[from]! : this.#buffer.readUIntBE(from, width)
  }

  #string(size: number): string {
    const from = this.#pass(size)
    return textOf(this.#buffer, from, this.at)
  }

  #datetime(size: number): Value {
    const body = this.#take(size + 1)
    if (body[0] !== 1 || body[1] !== 0xcb || size !== 9) throw new MsgpackError(`unknown extension ${body[0]}`)
    return asFloat(body.readDoubleBE(2))
  }

  #list(length: number, depth: number): Value {
    if (length > this.#buffer.length - this.at) throw new MsgpackError("the value is cut short")
    return Array.from({ length }, () => this.value(depth + 1))
  }

  #map(length: number, depth: number): Value {
    if (length * 2 > this.#buffer.length - this.at) throw new MsgpackError("the value is cut short")
    const map = new Map<string, Value>()
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1)
      if (typeof key !== "string") throw new MsgpackError("a map key is not a string")
      map.set(key, this.value(depth + 1))
    }
    return map
  }
}

const asFloat = (value: number): Value => (Number.isInteger(value) ? new Float(value) : value)
