import { keyBytes } from "../limits.ts"
import type { Known } from "./recognise.ts"
import type { CompareOperator } from "./syntax.ts"

/** A range of one type's values in the order of tuple keys; a bound that is left out is open. */
export type ValueRange =
  | Bounds<"int", bigint>
  /** Always with both bounds, so that NaN, which sorts beyond the infinities, is in none. */
  | Bounds<"double", number>
  | Bounds<"bool", boolean>
  | Bounds<"string", string>

export interface Bounds<Type extends string, Bound> {
  readonly type: Type
  readonly low?: Bound
  readonly lowInclusive: boolean
  readonly high?: Bound
  readonly highInclusive: boolean
}

export type RangeOperator = "==" | "<" | "<=" | ">" | ">="

export const isRangeOperator = (operator: CompareOperator): operator is RangeOperator =>
  operator === "==" || operator === "<" || operator === "<=" || operator === ">" || operator === ">="

/** Index keys hold 512 bytes of a string, where NUL takes two; below this no cut string can stand on the other side of a bound. */
const exactStringBytes = 508

/** A tuple key's int has at most 255 bytes. */
const largestInt = 2n ** 2_000n

/** The ranges that hold exactly the values for which `value operator literal` is true; undefined where none can tell. */
export const rangesFor = (operator: RangeOperator, literal: Known): readonly ValueRange[] | undefined => {
  if (literal === null) return undefined
  if (typeof literal === "string") {
    if (keyBytes(literal) > exactStringBytes || !literal.isWellFormed()) return undefined
    return [between("string", operator, literal)]
  }
  const number = typeof literal === "boolean" ? BigInt(literal) : literal
  if (Number.isNaN(number)) return []
  if (typeof number === "bigint" && (number > largestInt || number < -largestInt)) return undefined
  return [...intRanges(operator, number), ...doubleRanges(operator, number), ...boolRanges(operator, number)]
}

/** The range of the texts that begin with one; undefined where an index cannot tell. */
export const prefixRange = (prefix: string): Bounds<"string", string> | undefined => {
  if (keyBytes(prefix) > exactStringBytes || !prefix.isWellFormed()) return undefined
  const above = leastAbove(prefix)
  return {
    type: "string",
    low: prefix,
    lowInclusive: true,
    ...(above === undefined ? {} : { high: above }),
    highInclusive: false,
  }
}

/** The least text above all that begin with one, in the order of code points; undefined where there is none. */
const leastAbove = (prefix: string): string | undefined => {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!)
  while (points.at(-1) === 0x10ffff) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  // Surrogates are no characters.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}

const between = <Type extends string, Bound>(type: Type, operator: RangeOperator, bound: Bound): Bounds<Type, Bound> => ({
  type,
  ...(operator === "<" || operator === "<=" ? {} : { low: bound }),
  lowInclusive: operator !== ">",
  ...(operator === ">" || operator === ">=" ? {} : { high: bound }),
  highInclusive: operator !== "<",
})

const all = { type: "int", lowInclusive: true, highInclusive: true } as const

const intRanges = (operator: RangeOperator, literal: bigint | number): readonly Bounds<"int", bigint>[] => {
  if (typeof literal === "bigint") return [between("int", operator, literal)]
  if (!Number.isFinite(literal)) return operator !== "==" && literal > 0 === operator.startsWith("<") ? [all] : []
  if (Number.isInteger(literal)) return [between("int", operator, BigInt(literal))]
  if (operator === "==") return []
  const isBelow = operator.startsWith("<")
  return [between("int", isBelow ? "<=" : ">=", BigInt(isBelow ? Math.floor(literal) : Math.ceil(literal)))]
}

/** Doubles compared with a number exactly, as Python does: an int between two doubles bounds at its neighbour. */
export const doubleRanges = (operator: RangeOperator, literal: bigint | number): readonly Bounds<"double", number>[] => {
  const double = Number(literal)
  const isExact = typeof literal === "number" || isEqual(literal, double)
  if (!isExact && operator === "==") return []
  const above = double > literal
  const isBelow = operator.startsWith("<")
  const inclusive = isExact ? operator.includes("=") : isBelow ? !above : above
  const low = isBelow ? Number.NEGATIVE_INFINITY : double
  const high = isBelow || operator === "==" ? double : Number.POSITIVE_INFINITY
  const lowInclusive = isBelow || inclusive
  const highInclusive = !(isBelow || operator === "==") || inclusive
  // Both zeros are equal, and the key of -0.0 comes first.
  return [
    {
      type: "double",
      low: low === 0 ? (lowInclusive ? -0 : 0) : low,
      lowInclusive,
      high: high === 0 ? (highInclusive ? 0 : -0) : high,
      highInclusive,
    },
  ]
}

const isEqual = (whole: bigint, double: number): boolean => Number.isFinite(double) && BigInt(double) === whole

const boolRanges = (operator: RangeOperator, literal: bigint | number): readonly Bounds<"bool", boolean>[] => {
  const holds = (value: number): boolean => {
    if (value < literal) return operator.startsWith("<")
    return value > literal ? operator.startsWith(">") : operator.includes("=")
  }
  const [low, high] = [holds(0), holds(1)]
  return low || high ? [{ type: "bool", low: !low, lowInclusive: true, high, highInclusive: true }] : []
}
