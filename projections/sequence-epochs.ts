/**
 * The epoch column of a block: after `c1 01` a form, which is 0 where all points have an epoch, or 1 before a count (2
 * bytes, little-endian) and a bitmap of those which have one, lowest bit first; then the integer column of the epochs.
 */
import { CorruptBlock, decodeIntegers, encodeIntegers, integerCount, readIntegers } from "./sequence-integers.ts"
import { BLOCK_LIMIT } from "./sequence-points.ts"
import { blockPrefix, decodeInteger, encodeInteger, isBlock } from "./sequence-sample.ts"

const everyEpoch = 0
const someEpochs = 1
const everyEpochPrefix = Uint8Array.of(...blockPrefix, everyEpoch)
const bitmapAt = 5

/** The column of the first `count` epochs; null where all are NaN, for no point has one. */
export const encodeEpochs = (epochs: Float64Array, count: number): Uint8Array | null => {
  const missing = countNaN(epochs, count)
  if (missing === count) return null
  if (count === 1) return encodeInteger(Number(epochs[0]))
  if (missing === 0) return encodeIntegers(epochs, count, everyEpochPrefix)
  const present = epochs.subarray(0, count).filter((epoch) => !Number.isNaN(epoch))
  const head = new Uint8Array(bitmapAt + bitmapSize(count))
  head.set([...blockPrefix, someEpochs, count & 255, count >>> 8])
  for (let i = 0; i < count; i += 1) if (!Number.isNaN(epochs[i])) head[bitmapAt + (i >>> 3)]! |= 1 << (i & 7)
  return encodeIntegers(present, present.length, head)
}

/** How many points an epoch column is of. Throws {@link CorruptBlock}. */
export const epochCount = (epoch: Uint8Array): number => {
  if (!isBlock(epoch)) return 1
  if (epoch[2] === everyEpoch) return integerCount(epoch, everyEpochPrefix.length)
  const count = Number(epoch[3]) + 256 * Number(epoch[4])
  if (epoch[2] !== someEpochs || !(count >= 1 && count <= BLOCK_LIMIT)) throw new CorruptBlock("an epoch column of unknown form")
  return count
}

/** Reads the epochs of `count` points into the beginning of an array; NaN for a point without one. Throws {@link CorruptBlock}. */
export const readEpochs = (epoch: Uint8Array, count: number, into: Float64Array): Float64Array => {
  if (epochCount(epoch) !== count) throw new CorruptBlock("the columns of a block differ in length")
  if (!isBlock(epoch)) into[0] = decodeInteger(epoch)
  else if (epoch[2] === everyEpoch) readIntegers(epoch, everyEpochPrefix.length, count, into)
  else spread(epoch, count, into)
  return into
}

/** Reads the epochs behind a bitmap, each to its place. */
const spread = (epoch: Uint8Array, count: number, into: Float64Array): void => {
  const present = decodeIntegers(epoch, bitmapAt + bitmapSize(count))
  let used = 0
  for (let i = 0; i < count; i += 1) {
    const has = (Number(epoch[bitmapAt + (i >>> 3)]) >>> (i & 7)) & 1
    into[i] = has ? (present[used] ?? Number.NaN) : Number.NaN
    used += has
  }
  if (used !== present.length) throw new CorruptBlock("an epoch bitmap that does not fit its epochs")
}

const bitmapSize = (count: number): number => (count + 7) >>> 3

const countNaN = (column: Float64Array, count: number): number => {
  let found = 0
  for (let i = 0; i < count; i += 1) if (Number.isNaN(column[i])) found += 1
  return found
}
