import { iterate } from "./collections.ts"
import { floatPower, truncate } from "./numbers.ts"
import { Module } from "./string-module.ts"
import { asDouble, asInt, Callable, float, type PyValue, raise, Tuple, wholeNumber } from "./values.ts"
import { limits, QueryTooDear } from "./faults.ts"

const double = (value: PyValue | undefined): number => asDouble(value ?? null) ?? raise("TypeError")
const whole = (value: PyValue | undefined): bigint => BigInt(asInt(value ?? null) ?? raise("TypeError"))

/** A function of doubles with C's error rules: NaN out of no NaN raises ValueError, infinity out of none OverflowError. */
const real = (count: number, compute: (...values: number[]) => number): Callable =>
  new Callable((args, keywords) => {
    if (args.length !== count || keywords.size > 0) return raise("TypeError")
    const values = args.map(double)
    const result = compute(...values)
    if (Number.isNaN(result) && !values.some(Number.isNaN)) return raise("ValueError")
    if (!Number.isFinite(result) && values.every(Number.isFinite)) return raise("OverflowError")
    return float(result)
  })

const rounding = (compute: (value: number) => number): Callable =>
  new Callable((args) => {
    const [value = null] = args
    if (args.length !== 1) return raise("TypeError")
    return asInt(value) ?? truncate(compute(double(value)))
  })

const predicate = (test: (value: number) => boolean): Callable =>
  new Callable((args) => (args.length === 1 ? test(double(args[0])) : raise("TypeError")))

/** Logarithms take ints of any size, and refuse zero and below. */
const logarithm = (value: PyValue | undefined, compute: (value: number) => number, ofTwo: number): number => {
  const big = asInt(value ?? null)
  if (big !== undefined && big <= 0) return raise("ValueError")
  if (typeof big === "bigint") {
    const shift = Math.max(0, big.toString(2).length - 64)
    return compute(Number(big >> BigInt(shift))) + shift * ofTwo
  }
  const number = double(value)
  return number <= 0 ? raise("ValueError") : compute(number)
}

const log = new Callable((args) => {
  if (args.length < 1 || args.length > 2) return raise("TypeError")
  const top = logarithm(args[0], Math.log, Math.LN2)
  if (args.length === 1) return float(top)
  const base = logarithm(args[1], Math.log, Math.LN2)
  return base === 0 ? raise("ZeroDivisionError") : float(top / base)
})

const one = (compute: (value: PyValue | undefined) => PyValue): Callable =>
  new Callable((args, keywords) => (args.length === 1 && keywords.size === 0 ? compute(args[0]) : raise("TypeError")))

const gcd = (a: bigint, b: bigint): bigint => {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b]
  while (y > 0n) [x, y] = [y, x % y]
  return x
}

const integerRoot = (value: bigint): bigint => {
  if (value < 0n) return raise("ValueError")
  if (value < 2n) return value
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2))
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** The product of the integers from `from` to `to`, counted against the limit on sizes as it grows. */
const product = (from: bigint, to: bigint): bigint => {
  let result = 1n
  for (let factor = from; factor <= to; factor++) {
    result *= factor
    if (result.toString(16).length * 4 > limits.intBits) throw new QueryTooDear("The query makes too large a number")
  }
  return result
}

const combinations = new Callable((args) => {
  const [n, k] = [whole(args[0]), whole(args[1])]
  if (n < 0n || k < 0n) return raise("ValueError")
  if (k > n) return 0
  const fewer = k < n - k ? k : n - k
  return fewer > 5_000n ? raise("OverflowError") : wholeNumber(product(n - fewer + 1n, n) / product(1n, fewer))
})

const isClose = new Callable((args, keywords) => {
  const [a, b] = [double(args[0]), double(args[1])]
  const relative = keywords.has("rel_tol") ? double(keywords.get("rel_tol")) : 1e-9
  const absolute = keywords.has("abs_tol") ? double(keywords.get("abs_tol")) : 0
  if (relative < 0 || absolute < 0) return raise("ValueError")
  if (a === b) return true
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false
  const difference = Math.abs(a - b)
  return difference <= Math.abs(relative * b) || difference <= Math.abs(relative * a) || difference <= absolute
})

const productOf = new Callable((args, keywords, meter) => {
  let result: PyValue = keywords.get("start") ?? 1
  for (const item of iterate(args[0] ?? null, meter)) {
    meter.charge(1)
    const [a, b]: readonly (number | bigint | undefined)[] = [asInt(result), asInt(item)]
    result = a !== undefined && b !== undefined ? wholeNumber(BigInt(a) * BigInt(b)) : float(double(result) * double(item))
  }
  return result
})

/** Python's `math`, as far as queries use it. */
export const mathModule = new Module(
  new Map<string, PyValue>([
    ["pi", Math.PI],
    ["e", Math.E],
    ["tau", 2 * Math.PI],
    ["inf", Number.POSITIVE_INFINITY],
    ["nan", Number.NaN],
    ["floor", rounding(Math.floor)],
    ["ceil", rounding(Math.ceil)],
    ["trunc", rounding(Math.trunc)],
    ["fabs", real(1, Math.abs)],
    ["sqrt", real(1, Math.sqrt)],
    ["cbrt", real(1, Math.cbrt)],
    ["exp", real(1, Math.exp)],
    ["expm1", real(1, Math.expm1)],
    ["log", log],
    ["log2", one((value) => float(logarithm(value, Math.log2, 1)))],
    ["log10", one((value) => float(logarithm(value, Math.log10, Math.LN2 / Math.LN10)))],
    ["log1p", real(1, Math.log1p)],
    ["pow", real(2, floatPower)],
    ["sin", real(1, Math.sin)],
    ["cos", real(1, Math.cos)],
    ["tan", real(1, Math.tan)],
    ["asin", real(1, Math.asin)],
    ["acos", real(1, Math.acos)],
    ["atan", real(1, Math.atan)],
    ["atan2", real(2, Math.atan2)],
    ["sinh", real(1, Math.sinh)],
    ["cosh", real(1, Math.cosh)],
    ["tanh", real(1, Math.tanh)],
    ["degrees", real(1, (value) => value * (180 / Math.PI))],
    ["radians", real(1, (value) => value * (Math.PI / 180))],
    ["fmod", real(2, (a, b) => a % b)],
    ["hypot", new Callable((args) => float(Math.hypot(...args.map(double))))],
    ["copysign", real(2, (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)))],
    ["isnan", predicate(Number.isNaN)],
    ["isinf", predicate((value) => !Number.isFinite(value) && !Number.isNaN(value))],
    ["isfinite", predicate(Number.isFinite)],
    ["isclose", isClose],
    ["gcd", new Callable((args) => wholeNumber(args.map(whole).reduce(gcd, 0n)))],
    ["isqrt", one((value) => wholeNumber(integerRoot(whole(value))))],
    ["factorial", one((value) => (whole(value) < 0n ? raise("ValueError") : wholeNumber(product(1n, whole(value)))))],
    ["comb", combinations],
    ["prod", productOf],
    ["modf", one((value) => new Tuple(parts(double(value))))],
  ]),
)

const parts = (value: number): readonly PyValue[] => {
  const integral = Math.trunc(value)
  const fraction = Math.abs(value) === Number.POSITIVE_INFINITY ? 0 : value - integral
  const zero = value < 0 || Object.is(value, -0) ? -0 : 0
  return [float(fraction === 0 ? zero : fraction), float(integral)]
}
