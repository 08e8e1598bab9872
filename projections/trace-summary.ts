/**
 * What is known of a sequence in one row, so that searches need not gather it from six. It says only what the trace's
 * documented rows say.
 *
 * Row: flags (1 byte), length of the dtype (2 bytes, big-endian), dtype, last step, last, first, min and max (float64,
 * big-endian), and the context as it is stored, where it is short.
 */
import { textOf } from "../domain/short-text.ts"
import { numberOf, type ValueMap } from "../domain/value.ts"

/** What a row tells; `context` is the stored bytes, undefined where they are too long for it. */
export interface TraceSummary {
  readonly dtype: string
  readonly lastStep: number
  readonly last: number | null
  readonly first: number | null
  readonly min: number | null
  readonly max: number | null
  readonly context: Uint8Array | undefined
}

const aggregates = ["last", "first", "min", "max"] as const
const hasContext = 16
const longestContext = 512

/** The row of a trace with these fields. */
export const traceSummaryBytes = (fields: ValueMap, context: Uint8Array): Uint8Array => {
  const dtype = Buffer.from(String(fields.get("dtype")))
  const isShort = context.length <= longestContext
  const bytes = Buffer.alloc(43 + dtype.length + (isShort ? context.length : 0))
  let flags = isShort ? hasContext : 0
  bytes.writeUInt16BE(dtype.length, 1)
  bytes.set(dtype, 3)
  const at = 3 + dtype.length
  bytes.writeDoubleBE(numberOf(fields.get("last_step")) ?? 0, at)
  for (const [i, name] of aggregates.entries()) {
    const value = numberOf(fields.get(name))
    if (value === undefined) continue
    flags |= 1 << i
    bytes.writeDoubleBE(Number.isNaN(value) ? Number.NaN : value, at + 8 + 8 * i)
  }
  bytes[0] = flags
  if (isShort) bytes.set(context, at + 40)
  return bytes
}

export const traceSummaryOf = (stored: Uint8Array): TraceSummary => {
  const bytes = stored instanceof Buffer ? stored : Buffer.from(stored.buffer, stored.byteOffset, stored.length)
  const flags = bytes[0]!
  const at = 3 + bytes.readUInt16BE(1)
  const aggregate = (i: number): number | null => ((flags & (1 << i)) === 0 ? null : bytes.readDoubleBE(at + 8 + 8 * i))
  return {
    dtype: textOf(bytes, 3, at),
    lastStep: bytes.readDoubleBE(at),
    last: aggregate(0),
    first: aggregate(1),
    min: aggregate(2),
    max: aggregate(3),
    context: (flags & hasContext) === 0 ? undefined : bytes.subarray(at + 40),
  }
}
