/** A finite double as an exact ratio, value = mantissa × 2^exponent (IEEE 754 binary64); the sign is left out. */
export const decompose = (value: number): readonly [mantissa: bigint, exponent: number] => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Math.abs(value))
  const bits = view.getBigUint64(0)
  const biased = Number(bits >> 52n)
  const fraction = bits & 0xfffffffffffffn
  return biased === 0 ? [fraction, -1_074] : [fraction | 0x10000000000000n, biased - 1_075]
}

/** |value| × 10^places as an integer, half to even on the exact value, as C's printf rounds. */
export const scaled = (value: number, places: number): bigint => {
  const [mantissa, exponent] = decompose(value)
  let numerator = mantissa
  let denominator = 1n
  if (exponent >= 0) numerator <<= BigInt(exponent)
  else denominator <<= BigInt(-exponent)
  if (places >= 0) numerator *= 10n ** BigInt(places)
  else denominator *= 10n ** BigInt(-places)
  return divideHalfEven(numerator, denominator)
}

/** The integer nearest to a quotient of integers that are not negative, half to even. */
export const divideHalfEven = (numerator: bigint, denominator: bigint): bigint => {
  const whole = numerator / denominator
  const twice = (numerator % denominator) * 2n
  return twice > denominator || (twice === denominator && whole % 2n === 1n) ? whole + 1n : whole
}

/** |value| with a fixed number of decimal places. */
export const fixed = (value: number, places: number): string => withPoint(scaled(value, places), places)

/** An integer's digits with the point `places` from the right. */
export const withPoint = (digits: bigint, places: number): string => {
  const text = digits.toString().padStart(places + 1, "0")
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
}

/** |value| rounded to so many significant digits: the digits, and the power of ten of the first of them. */
export const significant = (value: number, count: number): readonly [digits: string, exponent: number] => {
  if (value === 0) return ["0".repeat(count), 0]
  let exponent = Number(/e(.*)$/.exec(Math.abs(value).toExponential(20))?.[1] ?? 0)
  let digits = scaled(value, count - 1 - exponent).toString()
  // Rounding up to the next power of ten makes one digit more.
  if (digits.length > count) {
    exponent++
    digits = scaled(value, count - 1 - exponent).toString()
  }
  return [digits, exponent]
}

/** The exponent part of a number in scientific form: at least two digits. */
export const exponentText = (exponent: number): string =>
  `e${exponent < 0 ? "-" : "+"}${Math.abs(exponent).toString().padStart(2, "0")}`
