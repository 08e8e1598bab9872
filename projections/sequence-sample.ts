/** A column of a single point, as the documented layout has it, and how it is told from the column of a block. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { Float, numberOf } from "../domain/value.ts"
import { CorruptBlock } from "./sequence-integers.ts"

const mark = 0xc1
const version = 1

/** What the column of a block begins with: a byte that no msgpack has, and a version. */
export const blockPrefix = Uint8Array.of(mark, version)

/** Whether a column is a block's, not a single sample's. Throws {@link CorruptBlock} for a version this code does not know. */
export const isBlock = (column: Uint8Array): boolean => {
  if (column[0] !== mark) return false
  if (column[1] !== version) throw new CorruptBlock(`a block of unknown version ${column[1]}`)
  return true
}

/** A float64; every NaN has the same bytes. */
export const encodeFloat = (value: number): Uint8Array => encodeValue(new Float(Number.isNaN(value) ? Number.NaN : value))

export const encodeInteger = (value: number): Uint8Array => encodeValue(value)

/** Any number. Throws {@link CorruptBlock}. */
export const decodeNumber = (sample: Uint8Array): number => {
  const value = decodeSample(sample)
  if (value === undefined) throw new CorruptBlock("a sample that is no number")
  return value
}

/** A safe integer. Throws {@link CorruptBlock}. */
export const decodeInteger = (sample: Uint8Array): number => {
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
