import { asDouble, asInt, float, type Meter, type PyValue, raise, wholeNumber } from "./values.ts"
import { limits, QueryTooDear } from "./faults.ts"

/** Python's arithmetic on ints, floats and bools; undefined where an operand is no number. */
export type Arithmetic = (left: PyValue, right: PyValue, meter: Meter) => PyValue | undefined

const arithmetic =
  (
    small: (left: number, right: number) => number,
    large: (left: bigint, right: bigint) => bigint,
    double: (left: number, right: number) => number,
  ): Arithmetic =>
  (left, right) => {
    const a = asInt(left)
    const b = asInt(right)
    if (a === undefined || b === undefined) {
      const x = asDouble(left)
      const y = x === undefined ? undefined : asDouble(right)
      return x === undefined || y === undefined ? undefined : float(double(x, y))
    }
    if (typeof a === "number" && typeof b === "number") {
      const result = small(a, b)
      // Adding zero turns -0 into 0: an int has no negative zero.
      if (Number.isSafeInteger(result)) return result + 0
    }
    return wholeNumber(large(BigInt(a), BigInt(b)))
  }

export const add = arithmetic(
  (a, b) => a + b,
  (a, b) => a + b,
  (a, b) => a + b,
)
export const subtract = arithmetic(
  (a, b) => a - b,
  (a, b) => a - b,
  (a, b) => a - b,
)
export const multiply = arithmetic(
  (a, b) => a * b,
  (a, b) => a * b,
  (a, b) => a * b,
)

const floorMod = (a: bigint, b: bigint): readonly [quotient: bigint, rest: bigint] => {
  if (b === 0n) return raise("ZeroDivisionError")
  const rest = a % b
  return rest !== 0n && rest < 0n !== b < 0n ? [a / b - 1n, rest + b] : [a / b, rest]
}

/** CPython's float_divmod (Objects/floatobject.c), so that signs and roundings are the same. */
export const floatDivmod = (a: number, b: number): readonly [quotient: number, rest: number] => {
  if (b === 0) return raise("ZeroDivisionError")
  let rest = a % b
  let quotient = (a - rest) / b
  if (rest !== 0) {
    if (b < 0 !== rest < 0) {
      rest += b
      quotient -= 1
    }
  } else rest = b < 0 || Object.is(b, -0) ? -0 : 0
  if (quotient === 0) return [a / b < 0 || Object.is(a / b, -0) ? -0 : 0, rest]
  const floored = Math.floor(quotient)
  return [quotient - floored > 0.5 ? floored + 1 : floored, rest]
}

// The small paths give NaN to pass on to the large ones, where the sign and zero rules are.
export const floorDivide = arithmetic(
  (a, b) => (a >= 0 && b > 0 ? Math.floor(a / b) + checkQuotient(a, b) : Number.NaN),
  (a, b) => floorMod(a, b)[0],
  (a, b) => floatDivmod(a, b)[0],
)

/** A quotient of doubles may round up to the next integer; only quotients that are small enough are exact. */
const checkQuotient = (a: number, b: number): number => (a < 2 ** 31 && b < 2 ** 31 ? 0 : Number.NaN)

export const modulo = arithmetic(
  (a, b) => (a >= 0 && b > 0 ? a % b : Number.NaN),
  (a, b) => floorMod(a, b)[1],
  (a, b) => floatDivmod(a, b)[1],
)

export const divide: Arithmetic = (left, right) => {
  const a = asInt(left)
  const b = asInt(right)
  if (a !== undefined && b !== undefined && (typeof a === "bigint" || typeof b === "bigint"))
    return float(divideInts(BigInt(a), BigInt(b)))
  const x = asDouble(left)
  const y = x === undefined ? undefined : asDouble(right)
  if (x === undefined || y === undefined) return undefined
  return float(y === 0 ? raise("ZeroDivisionError") : x / y)
}

const bitLength = (value: bigint): number => (value === 0n ? 0 : (value < 0n ? -value : value).toString(2).length)

/** The double nearest to a quotient of ints of any size, ties to even. */
export const divideInts = (a: bigint, b: bigint): number => {
  if (b === 0n) return raise("ZeroDivisionError")
  const negative = a < 0n !== b < 0n
  const [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b]
  if (x === 0n) return negative ? -0 : 0
  // Keeps at least 66 bits of quotient, or as many as a subnormal has, and a sticky last bit; Number() then rounds once.
  const shift = Math.min(66 - (bitLength(x) - bitLength(y)), 1_140)
  const [scaledX, scaledY] = shift >= 0 ? [x << BigInt(shift), y] : [x, y << BigInt(-shift)]
  const quotient = ((scaledX / scaledY) << 1n) | (scaledX % scaledY === 0n ? 0n : 1n)
  const magnitude = scale(quotient, -shift - 1)
  if (!Number.isFinite(magnitude)) return raise("OverflowError")
  return negative ? -magnitude : magnitude
}

/** quotient × 2^exponent, rounded once: below the normal doubles the bits that fall off are rounded here. */
const scale = (quotient: bigint, exponent: number): number => {
  const lost = Math.min(Math.max(-1_074 - exponent, 0), 4_000)
  const bits = bitLength(quotient)
  if (lost === 0 || bits - lost >= 53) {
    const high = Math.trunc(exponent / 2)
    return Number(quotient) * 2 ** high * 2 ** (exponent - high)
  }
  const unit = 1n << BigInt(lost)
  const [whole, rest] = [quotient / unit, (quotient % unit) * 2n]
  const rounded = rest > unit || (rest === unit && whole % 2n === 1n) ? whole + 1n : whole
  return Number(rounded) * 2 ** (exponent + lost)
}

export const power: Arithmetic = (left, right) => {
  const a = asInt(left)
  const b = asInt(right)
  if (a !== undefined && b !== undefined && b >= 0) return intPower(BigInt(a), BigInt(b))
  const x = asDouble(left)
  const y = x === undefined ? undefined : asDouble(right)
  return x === undefined || y === undefined ? undefined : float(floatPower(x, y))
}

const intPower = (a: bigint, b: bigint): number | bigint => {
  if (b * BigInt(Math.max(0, bitLength(a) - 1)) > BigInt(limits.intBits))
    throw new QueryTooDear("The query makes too large a number")
  return wholeNumber(a === 1n || (a === 0n && b > 0n) ? a : a === -1n ? (b % 2n === 0n ? 1n : -1n) : a ** b)
}

/** `pow` of doubles with Python's exceptions; a complex result is none that a query can use. */
export const floatPower = (x: number, y: number): number => {
  if (x === 1 || y === 0 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY)) return 1
  if (x === 0 && y < 0) return raise("ZeroDivisionError")
  if (x < 0 && Number.isFinite(x) && Number.isFinite(y) && !Number.isInteger(y)) return raise("TypeError")
  // The nearest doubles, which a general power may miss by one.
  const result = y === 2 ? x * x : y === -1 ? 1 / x : x ** y
  if (!Number.isFinite(result) && Number.isFinite(x) && Number.isFinite(y)) return raise("OverflowError")
  return result
}

const bitwise =
  (large: (left: bigint, right: bigint) => bigint, onBools?: (left: boolean, right: boolean) => boolean): Arithmetic =>
  (left, right) => {
    if (onBools !== undefined && typeof left === "boolean" && typeof right === "boolean") return onBools(left, right)
    const a = asInt(left)
    const b = asInt(right)
    return a === undefined || b === undefined ? undefined : wholeNumber(large(BigInt(a), BigInt(b)))
  }

export const bitAnd = bitwise(
  (a, b) => a & b,
  (a, b) => a && b,
)
export const bitOr = bitwise(
  (a, b) => a | b,
  (a, b) => a || b,
)
export const bitXor = bitwise(
  (a, b) => a ^ b,
  (a, b) => a !== b,
)
export const shiftLeft = bitwise((a, b) => {
  if (b < 0n) return raise("ValueError")
  if (a !== 0n && b > BigInt(limits.intBits)) throw new QueryTooDear("The query makes too large a number")
  return a === 0n ? 0n : a << b
})
export const shiftRight = bitwise((a, b) =>
  b < 0n ? raise("ValueError") : b > BigInt(limits.intBits) ? (a < 0n ? -1n : 0n) : a >> b,
)

export const negate = (value: PyValue): PyValue => {
  const whole = asInt(value)
  if (whole !== undefined) return typeof whole === "number" ? 0 - whole : wholeNumber(-whole)
  const double = asDouble(value)
  return double === undefined ? raise("TypeError") : float(-double)
}

export const invert = (value: PyValue): PyValue => {
  const whole = asInt(value)
  return whole === undefined ? raise("TypeError") : wholeNumber(~BigInt(whole))
}

/** `int(x)` of a double: towards zero. */
export const truncate = (value: number): number | bigint => {
  if (Number.isNaN(value)) return raise("ValueError")
  if (!Number.isFinite(value)) return raise("OverflowError")
  return wholeNumber(BigInt(Math.trunc(value)))
}
