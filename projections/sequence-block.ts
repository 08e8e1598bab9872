/**
 * The four stored columns of a block of metric points. A block of one point is stored as a single sample: msgpack float64
 * for value and time (Unix seconds), a msgpack integer for step and epoch. Any other column begins with the byte 0xc1,
 * which msgpack never uses, and a version:
 *
 * | column | after `c1 01` |
 * |---|---|
 * | val | count (2 bytes, little-endian), min and max (NaN left out), then count float64, little-endian |
 * | step, time | an integer column (`sequence-integers.ts`); times in microseconds since 1970 |
 * | epoch | 0: all points have one; or 1, count (2 bytes) and a bitmap of those which have one; then their integer column |
 *
 * There is no epoch column when no point has an epoch. Equal points give equal bytes: every NaN is written alike.
 */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { Float, numberOf } from "../domain/value.ts"
import { CorruptBlock, decodeIntegers, encodeIntegers, integerCount, readIntegers } from "./sequence-integers.ts"
import { APPEND_LIMIT, BLOCK_LIMIT, Points } from "./sequence-points.ts"

export interface BlockColumns {
  readonly val: Uint8Array
  readonly step: Uint8Array
  readonly time: Uint8Array
  /** Null where no point has an epoch; the key is then absent. */
  readonly epoch: Uint8Array | null
}

/** What is known of a block's values without reading them; min and max leave NaN out and are NaN when all values are. */
export interface BlockHeader {
  readonly count: number
  readonly first: number
  readonly last: number
  readonly min: number
  readonly max: number
}

const mark = 0xc1
const version = 1
const prefix = Uint8Array.of(mark, version)
const everyEpoch = 0
const someEpochs = 1
const everyEpochPrefix = Uint8Array.of(mark, version, everyEpoch)
const valuesAt = 20

/** Encodes 1 to 1,024 points. */
export const encodeBlock = (points: Points): BlockColumns => {
  const { steps, values, times, epochs, length } = points
  if (length < 1 || length > BLOCK_LIMIT) throw new RangeError(`a block holds 1 to ${BLOCK_LIMIT} points`)
  return {
    val: length === 1 ? encodeFloat(Number(values[0])) : encodeValues(values, length),
    step: length === 1 ? encodeValue(Number(steps[0])) : encodeIntegers(steps, length, prefix),
    time: encodeTimes(times, length),
    epoch: epochs === undefined ? null : encodeEpochs(epochs, length),
  }
}

/** Decodes a block into points that can grow. Throws {@link CorruptBlock}, also when the columns do not fit together. */
export const decodeBlock = (
  columns: Omit<BlockColumns, "epoch"> & { readonly epoch?: Uint8Array | null | undefined },
): Points => {
  const count = isBlock(columns.val) ? valueCount(columns.val) : 1
  const capacity = Math.max(count, Math.min(2 * count, APPEND_LIMIT))
  const slab = new Float64Array(3 * capacity)
  const steps = readSteps(columns.step, count, slab.subarray(0, capacity))
  const values = readValues(columns.val, slab.subarray(capacity, 2 * capacity))
  const times = readTimes(columns.time, count, slab.subarray(2 * capacity))
  if (!columns.epoch) return new Points(steps, values, times, undefined, count)
  const epochs = decodeEpochs(columns.epoch)
  if (epochs.length !== count) throw new CorruptBlock("the columns of a block differ in length")
  const roomy = new Float64Array(capacity)
  roomy.set(epochs)
  return new Points(steps, values, times, roomy, count)
}

/** Count, first, last, least and greatest value of a block or sample, from its `val` column. Throws {@link CorruptBlock}. */
export const blockHeader = (val: Uint8Array): BlockHeader => {
  if (!isBlock(val)) {
    const value = decodeNumber(val)
    return { count: 1, first: value, last: value, min: value, max: value }
  }
  const view = new DataView(val.buffer, val.byteOffset, val.length)
  const count = valueCount(val)
  return {
    count,
    first: view.getFloat64(valuesAt, true),
    last: view.getFloat64(val.length - 8, true),
    min: view.getFloat64(4, true),
    max: view.getFloat64(12, true),
  }
}

/** The values of a block or sample. Throws {@link CorruptBlock}. */
export const decodeValues = (val: Uint8Array): Float64Array =>
  readValues(val, new Float64Array(isBlock(val) ? valueCount(val) : 1))

/** The steps of a block or sample, ascending. Throws {@link CorruptBlock}. */
export const decodeSteps = (step: Uint8Array): Float64Array => {
  const count = integersIn(step)
  return readSteps(step, count, new Float64Array(count))
}

/** The times of a block or sample, in microseconds since 1970. Throws {@link CorruptBlock}. */
export const decodeTimes = (time: Uint8Array): Float64Array => {
  const count = integersIn(time)
  return readTimes(time, count, new Float64Array(count))
}

/** The epochs of a block or sample; NaN for a point without one. Throws {@link CorruptBlock}. */
export const decodeEpochs = (epoch: Uint8Array): Float64Array => {
  if (!isBlock(epoch)) return Float64Array.of(decodeInteger(epoch))
  if (epoch[2] === everyEpoch) return decodeIntegers(epoch, 3)
  if (epoch[2] !== someEpochs || epoch.length < 5) throw new CorruptBlock("an epoch column of unknown form")
  const count = Number(epoch[3]) + 256 * Number(epoch[4])
  if (count < 1 || count > BLOCK_LIMIT) throw new CorruptBlock(`an epoch column of ${count}`)
  const bitmapEnd = 5 + ((count + 7) >>> 3)
  const present = decodeIntegers(epoch, bitmapEnd)
  const epochs = new Float64Array(count).fill(Number.NaN)
  let used = 0
  for (let i = 0; i < count; i += 1)
    if ((Number(epoch[5 + (i >>> 3)]) >>> (i & 7)) & 1) {
      epochs[i] = present[used] ?? Number.NaN
      used += 1
    }
  if (used !== present.length) throw new CorruptBlock("an epoch bitmap that does not fit its epochs")
  return epochs
}

/** Whether a column is a block's, not a single sample's. Throws {@link CorruptBlock} for a version this code does not know. */
const isBlock = (column: Uint8Array): boolean => {
  if (column[0] !== mark) return false
  if (column[1] !== version) throw new CorruptBlock(`a block of unknown version ${column[1]}`)
  return true
}

const integersIn = (column: Uint8Array): number => (isBlock(column) ? integerCount(column, prefix.length) : 1)

const readValues = (val: Uint8Array, into: Float64Array): Float64Array => {
  if (isBlock(val)) new Uint8Array(into.buffer, into.byteOffset).set(val.subarray(valuesAt))
  else into[0] = decodeNumber(val)
  return into
}

const only = (sample: Uint8Array, count: number): Uint8Array => {
  if (count !== 1) throw new CorruptBlock("the columns of a block differ in length")
  return sample
}

const readSteps = (step: Uint8Array, count: number, into: Float64Array): Float64Array => {
  if (isBlock(step)) readIntegers(step, prefix.length, count, into)
  else into[0] = decodeInteger(only(step, count))
  for (let i = 1; i < count; i += 1)
    if (!((into[i] ?? Number.NaN) > (into[i - 1] ?? Number.NaN))) throw new CorruptBlock("steps that do not ascend")
  return into
}

const readTimes = (time: Uint8Array, count: number, into: Float64Array): Float64Array => {
  if (isBlock(time)) return readIntegers(time, prefix.length, count, into)
  into[0] = secondsToMicros(decodeNumber(only(time, count)))
  return into
}

const valueCount = (val: Uint8Array): number => {
  const count = Number(val[2]) + 256 * Number(val[3])
  if (!(count >= 1 && count <= BLOCK_LIMIT) || val.length !== valuesAt + 8 * count)
    throw new CorruptBlock("a value column whose length does not fit its count")
  return count
}

const encodeValues = (values: Float64Array, count: number): Uint8Array => {
  const bytes = new Uint8Array(valuesAt + 8 * count)
  const view = new DataView(bytes.buffer)
  bytes.set(prefix)
  view.setUint16(2, count, true)
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, 8 * count), valuesAt)
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; i += 1) {
    const value = Number(values[i])
    if (value <= min) min = Math.min(min, value)
    if (value >= max) max = Math.max(max, value)
    if (Number.isNaN(value)) view.setFloat64(valuesAt + 8 * i, Number.NaN, true)
  }
  view.setFloat64(4, min > max ? Number.NaN : min, true)
  view.setFloat64(12, min > max ? Number.NaN : max, true)
  return bytes
}

const countNaN = (column: Float64Array, count: number): number => {
  let found = 0
  for (let i = 0; i < count; i += 1) if (Number.isNaN(column[i])) found += 1
  return found
}

/** A single time that its seconds could not give back (only beyond the year 2242) is stored as a block of one. */
const encodeTimes = (times: Float64Array, count: number): Uint8Array => {
  const first = Number(times[0])
  return count === 1 && secondsToMicros(first / 1e6) === first ? encodeFloat(first / 1e6) : encodeIntegers(times, count, prefix)
}

const secondsToMicros = (seconds: number): number => Math.round(seconds * 1e6) + 0

const encodeEpochs = (epochs: Float64Array, count: number): Uint8Array | null => {
  const missing = countNaN(epochs, count)
  if (missing === count) return null
  if (count === 1) return encodeValue(Number(epochs[0]))
  if (missing === 0) return encodeIntegers(epochs, count, everyEpochPrefix)
  const present = epochs.subarray(0, count).filter((epoch) => !Number.isNaN(epoch))
  const head = new Uint8Array(5 + ((count + 7) >>> 3))
  head.set([mark, version, someEpochs, count & 255, count >>> 8])
  for (let i = 0; i < count; i += 1)
    if (!Number.isNaN(epochs[i])) head[5 + (i >>> 3)] = Number(head[5 + (i >>> 3)]) | (1 << (i & 7))
  return encodeIntegers(present, present.length, head)
}

const encodeFloat = (value: number): Uint8Array => encodeValue(new Float(Number.isNaN(value) ? Number.NaN : value))

const decodeNumber = (sample: Uint8Array): number => {
  const value = decodeSample(sample)
  if (value === undefined) throw new CorruptBlock("a sample that is no number")
  return value
}

const decodeInteger = (sample: Uint8Array): number => {
  const value = decodeNumber(sample)
  if (!Number.isSafeInteger(value)) throw new CorruptBlock("a sample that is no safe integer")
  return value
}

const decodeSample = (sample: Uint8Array): number | undefined => {
  try {
    return numberOf(decodeValue(sample))
  } catch (cause) {
    throw new CorruptBlock("a sample that is not msgpack", { cause })
  }
}
