/** Maps that stay MessagePack until they are asked: a search asks one key of thousands of maps. */
import { decodeValue, MsgpackError } from "./msgpack.ts"
import type { Value, ValueMap } from "./value.ts"

/** The map that the bytes are, as `decodeValue` gives it. A value that is a map is lazy too where it is asked for by its key. */
export const lazyMap = (bytes: Uint8Array): ValueMap =>
  new LazyMap(bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))

/** Decodes what `get` asks; anything else decodes all of it first. Never changed from outside. */
class LazyMap extends Map<string, Value> {
  readonly #bytes: Buffer
  #isWhole = false

  constructor(bytes: Buffer) {
    super()
    this.#bytes = bytes
  }

  override get(key: string): Value | undefined {
    if (this.#isWhole) return super.get(key)
    const at = valueAt(this.#bytes, key)
    if (at === -1) return undefined
    const value = this.#bytes.subarray(at, after(this.#bytes, at))
    return isMapTag(value[0]!) ? new LazyMap(value) : decodeValue(value)
  }

  override has(key: string): boolean {
    return this.#isWhole ? super.has(key) : valueAt(this.#bytes, key) !== -1
  }

  override get size(): number {
    return this.#isWhole ? super.size : countAt(this.#bytes)
  }

  override forEach(act: (value: Value, key: string, map: Map<string, Value>) => void): void {
    this.#whole()
    super.forEach(act)
  }

  override entries(): MapIterator<[string, Value]> {
    this.#whole()
    return super.entries()
  }

  override keys(): MapIterator<string> {
    this.#whole()
    return super.keys()
  }

  override values(): MapIterator<Value> {
    this.#whole()
    return super.values()
  }

  override [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries()
  }

  #whole(): void {
    if (this.#isWhole) return
    // Before the first `set`, which may not look the key up in the bytes.
    this.#isWhole = true
    for (const [key, value] of decodeValue(this.#bytes) as ValueMap) super.set(key, value)
  }
}

const isMapTag = (tag: number): boolean => (tag & 0xf0) === 0x80 || tag === 0xde || tag === 0xdf

const countAt = (bytes: Buffer): number => {
  const tag = bytes[0]!
  if (tag === 0xde) return bytes.readUInt16BE(1)
  return tag === 0xdf ? bytes.readUInt32BE(1) : tag & 0x0f
}

const headerAt = (tag: number): number => (tag === 0xde ? 3 : tag === 0xdf ? 5 : 1)

/** Where the value of a key begins; -1 where there is none. */
const valueAt = (bytes: Buffer, key: string): number => {
  const isAscii = !/[^\u0000-\u007f]/.test(key) // oxlint-disable-line no-control-regex
  let at = headerAt(bytes[0]!)
  for (let left = countAt(bytes); left > 0; left--) {
    const end = after(bytes, at)
    const start = textAt(bytes[at]!) + at
    const isKey = isAscii ? isText(bytes, start, end, key) : bytes.toString("utf8", start, end) === key
    if (isKey) return end
    at = after(bytes, end)
  }
  return -1
}

const isText = (bytes: Buffer, start: number, end: number, text: string): boolean => {
  if (end - start !== text.length) return false
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}

/** How many bytes stand before a text. */
const textAt = (tag: number): number => (tag === 0xd9 ? 2 : tag === 0xda ? 3 : tag === 0xdb ? 5 : 1)

/** Where the value at a place ends. */
const after = (bytes: Buffer, at: number): number => {
  const tag = bytes[at]!
  if (tag < 0x80 || tag >= 0xe0) return at + 1
  if (tag < 0x90) return skip(bytes, at + 1, 2 * (tag & 0x0f))
  if (tag < 0xa0) return skip(bytes, at + 1, tag & 0x0f)
  if (tag < 0xc0) return at + 1 + (tag & 0x1f)
  return afterTagged(bytes, at, tag)
}

const skip = (bytes: Buffer, from: number, values: number): number => {
  let at = from
  for (let left = values; left > 0; left--) at = after(bytes, at)
  return at
}

/** Bytes behind the tag of values of a fixed size. */
const sizes: Readonly<Record<number, number>> = {
  0xc0: 0,
  0xc2: 0,
  0xc3: 0,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
}

const afterTagged = (bytes: Buffer, at: number, tag: number): number => {
  const size = sizes[tag]
  if (size !== undefined) return at + 1 + size
  switch (tag) {
    case 0xc4:
    case 0xd9:
      return at + 2 + bytes.readUInt8(at + 1)
    case 0xc5:
    case 0xda:
      return at + 3 + bytes.readUInt16BE(at + 1)
    case 0xc6:
    case 0xdb:
      return at + 5 + bytes.readUInt32BE(at + 1)
    case 0xc7:
      return at + 3 + bytes.readUInt8(at + 1)
    case 0xdc:
      return skip(bytes, at + 3, bytes.readUInt16BE(at + 1))
    case 0xdd:
      return skip(bytes, at + 5, bytes.readUInt32BE(at + 1))
    case 0xde:
      return skip(bytes, at + 3, 2 * bytes.readUInt16BE(at + 1))
    case 0xdf:
      return skip(bytes, at + 5, 2 * bytes.readUInt32BE(at + 1))
    default:
      throw new MsgpackError(`unknown tag 0x${tag.toString(16)}`)
  }
}
