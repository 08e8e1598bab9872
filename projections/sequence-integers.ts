/**
 * A column of safe integers in few bytes, as the step, time and epoch columns of a block hold it:
 *
 * | bytes | content |
 * |---|---|
 * | 1 | form: 0 regular, 1 deltas, 2 raw |
 * | 2 | count, unsigned little-endian, 1 to 1,024 |
 * | 8 | the first integer, as a little-endian float64 |
 * | 1-8 | forms 0 and 1: base, a zigzag varint |
 * | 1-8 each | form 1: what each difference of neighbours is above base, zigzag varints |
 * | 8 each | form 2, where such a difference is beyond 2^52: the other integers, as float64 |
 *
 * In form 0 all differences are equal to base; in form 1 base is the median of three differences, which makes regular
 * times with some jitter one byte shorter. The form follows from the integers alone, so equal columns have equal bytes.
 */
import { BLOCK_LIMIT } from "./sequence-points.ts"

/** The bytes are not a block column, or are cut or damaged. */
export class CorruptBlock extends Error {
  override readonly name = "CorruptBlock"
}

const regular = 0
const deltas = 1
const raw = 2
const headerSize = 11
const widest = 2 ** 52
const longestVarint = 8
const small = 2 ** 30

const scratch = new Uint8Array(headerSize + longestVarint * (BLOCK_LIMIT + 1))
const view = new DataView(scratch.buffer)
/** Where the last varint read ended: a second result, without an object for each. */
let cursor = 0

/** Writes the first `count` integers of a column; answers a new array that begins with `prefix`. */
export const encodeIntegers = (integers: Float64Array, count: number, prefix: Uint8Array): Uint8Array => {
  if (count < 1 || count > BLOCK_LIMIT) throw new RangeError(`a block holds 1 to ${BLOCK_LIMIT} points`)
  const base = typicalDelta(integers, count)
  let end = base >= -widest && base < widest ? writeDeltas(integers, count, base) : 0
  if (end === 0) end = writeRaw(integers, count)
  view.setUint16(1, count, true)
  view.setFloat64(3, at(integers, 0), true)
  const bytes = new Uint8Array(prefix.length + end)
  bytes.set(prefix)
  bytes.set(scratch.subarray(0, end), prefix.length)
  return bytes
}

/** How many integers the column at `offset` holds. Throws {@link CorruptBlock}. */
export const integerCount = (bytes: Uint8Array, offset: number): number => {
  if (bytes.length < offset + headerSize) throw new CorruptBlock("an integer column is cut")
  const count = at(bytes, offset + 1) + 256 * at(bytes, offset + 2)
  if (count < 1 || count > BLOCK_LIMIT) throw new CorruptBlock(`an integer column of ${count}`)
  return count
}

/** Reads a column that fills the bytes from `offset` to their end. Throws {@link CorruptBlock}. */
export const decodeIntegers = (bytes: Uint8Array, offset: number): Float64Array => {
  const count = integerCount(bytes, offset)
  return readIntegers(bytes, offset, count, new Float64Array(count))
}

/** As {@link decodeIntegers}, into the beginning of an array that may be longer. */
export const readIntegers = (bytes: Uint8Array, offset: number, count: number, into: Float64Array): Float64Array => {
  if (integerCount(bytes, offset) !== count) throw new CorruptBlock("the columns of a block differ in length")
  const first = new DataView(bytes.buffer, bytes.byteOffset + offset).getFloat64(3, true)
  if (!Number.isSafeInteger(first)) throw new CorruptBlock("a first integer that is none")
  into[0] = first
  const form = bytes[offset]
  cursor = offset + headerSize
  if (form === raw) readRaw(bytes, count, into)
  else if (form === regular) readRegular(bytes, count, into)
  else if (form === deltas) readDeltas(bytes, count, into)
  else throw new CorruptBlock(`an integer column of unknown form ${form}`)
  if (cursor !== bytes.length) throw new CorruptBlock("bytes after an integer column")
  return into
}

/** Inside the loops below every index is within bounds; asking for a default there would cost time. */
const at = (column: Float64Array | Uint8Array, index: number): number => column[index] as number

const delta = (integers: Float64Array, index: number): number => at(integers, index) - at(integers, index - 1)

/** The median of the first, the middle and the last difference: one pause in a regular series does not move it. */
const typicalDelta = (integers: Float64Array, count: number): number => {
  if (count < 2) return 0
  const one = delta(integers, 1)
  const middle = delta(integers, count >>> 1)
  const last = delta(integers, count - 1)
  return Math.max(Math.min(one, middle), Math.min(Math.max(one, middle), last))
}

/** Where the column ends in the scratch, or 0 when a difference is too wide. */
const writeDeltas = (integers: Float64Array, count: number, base: number): number => {
  let end = writeVarint(zigzag(base), headerSize)
  if (isRegular(integers, count, base)) {
    scratch[0] = regular
    return end
  }
  scratch[0] = deltas
  let previous = at(integers, 0)
  for (let i = 1; i < count; i += 1) {
    const integer = at(integers, i)
    const above = integer - previous - base
    previous = integer
    if (above >= -small && above < small) end = writeSmall((above << 1) ^ (above >> 31), end)
    else if (above >= -widest && above < widest) end = writeVarint(zigzag(above), end)
    else return 0
  }
  return end
}

const isRegular = (integers: Float64Array, count: number, base: number): boolean => {
  for (let i = 1; i < count; i += 1) if (at(integers, i) - at(integers, i - 1) !== base) return false
  return true
}

const writeRaw = (integers: Float64Array, count: number): number => {
  scratch[0] = raw
  for (let i = 1; i < count; i += 1) view.setFloat64(headerSize + 8 * (i - 1), at(integers, i), true)
  return headerSize + 8 * (count - 1)
}

const zigzag = (integer: number): number => (integer < 0 ? -2 * integer - 1 : 2 * integer)

const unzigzag = (natural: number): number => (natural % 2 === 0 ? natural / 2 : -(natural + 1) / 2)

const writeVarint = (natural: number, begin: number): number => {
  let rest = natural
  let end = begin
  for (; rest >= 0x8000_0000; end += 1) {
    scratch[end] = (rest % 128) + 128
    rest = Math.floor(rest / 128)
  }
  return writeSmall(rest, end)
}

const writeSmall = (natural: number, begin: number): number => {
  let end = begin
  let rest = natural
  for (; rest > 127; end += 1) {
    scratch[end] = rest | 128
    rest >>>= 7
  }
  scratch[end] = rest
  return end + 1
}

const readVarint = (bytes: Uint8Array): number => {
  let natural = 0
  let scale = 1
  for (let i = 0; i < longestVarint; i += 1) {
    const byte = bytes[cursor]
    if (byte === undefined) throw new CorruptBlock("an integer column is cut")
    cursor += 1
    natural += (byte & 127) * scale
    if (byte < 128) return natural
    scale *= 128
  }
  throw new CorruptBlock("an integer of too many bytes")
}

const readRegular = (bytes: Uint8Array, count: number, integers: Float64Array): void => {
  const base = unzigzag(readVarint(bytes))
  let integer = at(integers, 0)
  for (let i = 1; i < count; i += 1) {
    integer += base
    integers[i] = integer
  }
  if (!Number.isSafeInteger(integer)) throw new CorruptBlock("an integer beyond 2^53")
}

/** Differences of up to three bytes, nearly all there are, are read in place; the others by {@link readVarint}. */
const readDeltas = (bytes: Uint8Array, count: number, integers: Float64Array): void => {
  const base = unzigzag(readVarint(bytes))
  let integer = at(integers, 0)
  let next = cursor
  for (let i = 1; i < count; i += 1) {
    const one = bytes[next] ?? 128
    const two = one < 128 ? 0 : (bytes[next + 1] ?? 128)
    const three = two < 128 ? 0 : (bytes[next + 2] ?? 128)
    let above: number
    if (three < 128) {
      const natural = (one & 127) | ((two & 127) << 7) | (three << 14)
      above = (natural >>> 1) ^ -(natural & 1)
      next += one < 128 ? 1 : two < 128 ? 2 : 3
    } else {
      cursor = next
      above = unzigzag(readVarint(bytes))
      next = cursor
    }
    integer += base + above
    if (integer > Number.MAX_SAFE_INTEGER || integer < Number.MIN_SAFE_INTEGER) throw new CorruptBlock("an integer beyond 2^53")
    integers[i] = integer
  }
  cursor = next
}

const readRaw = (bytes: Uint8Array, count: number, integers: Float64Array): void => {
  const rest = 8 * (count - 1)
  if (bytes.length !== cursor + rest) throw new CorruptBlock("an integer column is cut")
  new Uint8Array(integers.buffer, integers.byteOffset).set(bytes.subarray(cursor), 8)
  for (let i = 1; i < count; i += 1) if (!Number.isSafeInteger(integers[i])) throw new CorruptBlock("an integer that is none")
  cursor += rest
}
