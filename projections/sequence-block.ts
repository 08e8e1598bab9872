/**
 * The four stored columns of a block of metric points. A block of one point is stored as a single sample: msgpack float64
 * for value and time (Unix seconds), a msgpack integer for step and epoch. Any other column begins with the byte 0xc1,
 * which msgpack never uses, and a version:
 *
 * | column | after `c1 01` |
 * |---|---|
 * | val | count (2 bytes, little-endian), min and max (NaN left out), then count float64, little-endian |
 * | step, time | an integer column (`sequence-integers.ts`); times in microseconds since 1970 |
 * | epoch | see `sequence-epochs.ts`; there is none when no point has an epoch |
 *
 * Equal points give equal bytes: every NaN is written alike.
 */
import { encodeEpochs, epochCount, readEpochs } from "./sequence-epochs.ts"
import { CorruptBlock, encodeIntegers, integerCount, readIntegers } from "./sequence-integers.ts"
import { APPEND_LIMIT, BLOCK_LIMIT, Points } from "./sequence-points.ts"
import { blockPrefix, decodeInteger, decodeNumber, encodeFloat, encodeInteger, isBlock } from "./sequence-sample.ts"

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

const valuesAt = 20

/** Encodes 1 to 1,024 points. */
export const encodeBlock = (points: Points): BlockColumns => {
  const { steps, values, times, epochs, length } = points
  if (length < 1 || length > BLOCK_LIMIT) throw new RangeError(`a block holds 1 to ${BLOCK_LIMIT} points`)
  return {
    val: length === 1 ? encodeFloat(Number(values[0])) : encodeValues(values, length),
    step: length === 1 ? encodeInteger(Number(steps[0])) : encodeIntegers(steps, length, blockPrefix),
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
  const slab = new Float64Array((columns.epoch ? 4 : 3) * capacity)
  const column = (i: number): Float64Array => slab.subarray(i * capacity, (i + 1) * capacity)
  return new Points(
    readSteps(columns.step, count, column(0)),
    readValues(columns.val, column(1)),
    readTimes(columns.time, count, column(2)),
    columns.epoch ? readEpochs(columns.epoch, count, column(3)) : undefined,
    count,
  )
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
  const count = epochCount(epoch)
  return readEpochs(epoch, count, new Float64Array(count))
}

const integersIn = (column: Uint8Array): number => (isBlock(column) ? integerCount(column, blockPrefix.length) : 1)

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
  if (isBlock(step)) readIntegers(step, blockPrefix.length, count, into)
  else into[0] = decodeInteger(only(step, count))
  for (let i = 1; i < count; i += 1)
    if (!((into[i] ?? Number.NaN) > (into[i - 1] ?? Number.NaN))) throw new CorruptBlock("steps that do not ascend")
  return into
}

const readTimes = (time: Uint8Array, count: number, into: Float64Array): Float64Array => {
  if (isBlock(time)) return readIntegers(time, blockPrefix.length, count, into)
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
  bytes.set(blockPrefix)
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

/** A single time that its seconds could not give back (only beyond the year 2242) is stored as a block of one. */
const encodeTimes = (times: Float64Array, count: number): Uint8Array => {
  const first = Number(times[0])
  return count === 1 && secondsToMicros(first / 1e6) === first
    ? encodeFloat(first / 1e6)
    : encodeIntegers(times, count, blockPrefix)
}

const secondsToMicros = (seconds: number): number => Math.round(seconds * 1e6) + 0
