import { builtin, given } from "./builtin.ts"
import { iterate } from "./collections.ts"
import { decompose, divideHalfEven, scaled } from "./decimal.ts"
import { comparable } from "./equality.ts"
import { floatDivmod, floorDivide, modulo, power } from "./numbers.ts"
import { binary } from "./operators.ts"
import { asDouble, asIndex, asInt, float, isFloat, type Meter, type PyValue, raise, Tuple, wholeNumber } from "./values.ts"

/** CPython's sum: ints exactly, then doubles with Neumaier's compensation, which Python has had since 3.12. */
export const sum = builtin("iterable / start?", ([iterable, start], meter) => {
  let total: PyValue = start ?? 0
  if (typeof total === "string" || total instanceof Uint8Array) return raise("TypeError")
  const add = binary("+")
  const values = iterate(given(iterable), meter)[Symbol.iterator]()
  for (let next = values.next(); next.done !== true; next = values.next()) {
    meter.charge(1)
    const soFar: PyValue = total
    if (isFloat(soFar) && comparable(next.value) !== undefined) return sumDoubles(asDouble(soFar) ?? 0, next.value, values, meter)
    total = add(soFar, next.value, meter)
  }
  return total
})

const sumDoubles = (start: number, first: PyValue, values: Iterator<PyValue>, meter: Meter): PyValue => {
  let [total, lost] = [start, 0]
  let value: PyValue = first
  for (;;) {
    const double = comparable(value) === undefined ? undefined : asDouble(value)
    if (double === undefined) {
      const rest = binary("+")(float(total + lost), value, meter)
      return rest
    }
    const next = total + double
    if (isFloat(value)) lost += Math.abs(total) >= Math.abs(double) ? total - next + double : double - next + total
    total = next
    const after = values.next()
    meter.charge(1)
    if (after.done === true) return float(lost !== 0 && Number.isFinite(lost) ? total + lost : total)
    value = after.value
  }
}

/** `round`: half to even, on the exact value. */
export const round = builtin("number ndigits?", ([number, digits], meter) => {
  const value = given(number)
  const whole = asInt(value)
  const places = digits === undefined || digits === null ? null : isFloat(digits) ? raise("TypeError") : asIndex(digits)
  if (whole !== undefined) return places === null || places >= 0 ? whole : roundInt(BigInt(whole), -places, meter)
  if (!isFloat(value)) return raise("TypeError")
  const double = asDouble(value) ?? 0
  if (!Number.isFinite(double)) return places === null ? raise(Number.isNaN(double) ? "ValueError" : "OverflowError") : value
  if (places === null) return wholeNumber(double < 0 ? -scaled(double, 0) : scaled(double, 0))
  return float(roundDouble(double, places))
})

const roundInt = (value: bigint, places: number, meter: Meter): PyValue => {
  meter.chargeText(places)
  if (places > 20_000) return 0
  const unit = 10n ** BigInt(places)
  const rounded = divideHalfEven(value < 0n ? -value : value, unit) * unit
  return wholeNumber(value < 0n ? -rounded : rounded)
}

const roundDouble = (value: number, places: number): number => {
  if (places > 323 || value === 0) return value
  if (places < -308 || decompose(value)[0] === 0n) return value < 0 ? -0 : 0
  const magnitude = Number(`${scaled(value, places)}e${-places}`)
  if (!Number.isFinite(magnitude)) return raise("OverflowError")
  return value < 0 ? -magnitude : magnitude
}

export const divmod = builtin("left / right /", ([left, right], meter) => {
  const [a, b] = [given(left), given(right)]
  if (isFloat(a) || isFloat(b))
    return new Tuple(floatDivmod(asDouble(a) ?? raise("TypeError"), asDouble(b) ?? raise("TypeError")).map(float))
  const quotient = floorDivide(a, b, meter)
  const rest = modulo(a, b, meter)
  return quotient === undefined || rest === undefined ? binary("//")(a, b, meter) : new Tuple([quotient, rest])
})

export const pow = builtin("base exp mod?", ([base, exponent, modulus], meter) => {
  if (modulus === undefined || modulus === null) return power(given(base), given(exponent), meter) ?? raise("TypeError")
  const whole = (value: PyValue | undefined): bigint => BigInt(asInt(given(value)) ?? raise("TypeError"))
  const m = whole(modulus)
  if (m === 0n) return raise("ValueError")
  const result = modularPower(whole(base), whole(exponent), m < 0n ? -m : m, meter)
  return modulo(wholeNumber(result), wholeNumber(m), meter) ?? raise("TypeError")
})

const modularPower = (base: bigint, exponent: bigint, m: bigint, meter: Meter): bigint => {
  let [result, square] = [1n, exponent < 0n ? inverse(base, m) : base]
  for (let left = exponent < 0n ? -exponent : exponent; left > 0n; left >>= 1n) {
    meter.charge(16)
    if (left & 1n) result = (result * square) % m
    square = (square * square) % m
  }
  return result
}

/** The number that times `value` gives 1 modulo m, by Euclid's algorithm. */
const inverse = (value: bigint, m: bigint): bigint => {
  let [a, b] = [((value % m) + m) % m, m]
  let [x, y] = [1n, 0n]
  while (b > 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  return a === 1n ? x : raise("ValueError")
}
