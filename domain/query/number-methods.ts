import { decompose } from "./decimal.ts"
import { floatRepr } from "./repr.ts"

const magnitude = (value: number | bigint): bigint => (value < 0 ? -BigInt(value) : BigInt(value))

export const intBitLength = (value: number | bigint): number =>
  magnitude(value) === 0n ? 0 : magnitude(value).toString(2).length

export const intBitCount = (value: number | bigint): number => magnitude(value).toString(2).replaceAll("0", "").length

/** `float.hex`: the mantissa in hexadecimal with a binary exponent. */
export const floatHex = (value: number): string => {
  if (!Number.isFinite(value)) return floatRepr(value)
  const sign = value < 0 || Object.is(value, -0) ? "-" : ""
  const [mantissa, exponent] = decompose(value)
  if (mantissa === 0n) return `${sign}0x0.0p+0`
  const lead = mantissa >> 52n
  const fraction = (mantissa & 0xfffffffffffffn).toString(16).padStart(13, "0")
  const power = exponent + 52
  return `${sign}0x${lead}.${fraction}p${power < 0 ? "-" : "+"}${Math.abs(power)}`
}
