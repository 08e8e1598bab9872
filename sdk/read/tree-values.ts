/** The scalars of binary trees. */
import { MatyanError } from "./errors.ts"

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/** Short texts of ASCII, which most are, are read without the decoder: its calls take longer. */
export const textOf = (bytes: Uint8Array, from: number, to: number): string => {
  if (to - from > 24) return utf8.decode(bytes.subarray(from, to))
  let text = ""
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte > 0x7f) return utf8.decode(bytes.subarray(from, to))
    text += String.fromCharCode(byte)
  }
  return text
}

/** A signed integer of 8 bytes, the highest first; a bigint where a number would lose digits. */
export const intBE = (bytes: Uint8Array, at: number): number | bigint => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return intOf(view.getInt32(at), view.getUint32(at + 4))
}

const intOf = (high: number, low: number): number | bigint => {
  const near = high * 2 ** 32 + low
  return Number.isSafeInteger(near) ? near : (BigInt(high) << 32n) | BigInt(low)
}

/** The value from `at` to before `end`: its type, then its payload. Lists and maps are as yet empty; bytes are a copy. */
export const scalarOf = (bytes: Uint8Array, view: DataView, at: number, end: number): unknown => {
  const [tag, from, size] = [bytes[at], at + 1, end - at - 1]
  if (tag === 4) return textOf(bytes, from, end)
  if (tag === 3 && size === 8) return view.getFloat64(from, true)
  if (tag === 2 && size === 8) return intOf(view.getInt32(from + 4, true), view.getUint32(from, true))
  if (tag === 1 && size === 1) return bytes[from] !== 0
  if (tag === 0 && size === 0) return null
  // A slice of a Buffer, as some networks bring, would be no copy.
  if (tag === 5) return new Uint8Array(bytes.subarray(from, end))
  if (tag === 6 && size === 0) return []
  if (tag === 7 && size === 0) return {}
  throw new MatyanError(`the answer cannot be read: a value of type ${tag} with ${size} bytes`, { code: "malformed" })
}
