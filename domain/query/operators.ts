import { contains, truth } from "./collections.ts"
import { dictOf, equals, keyOf, order } from "./equality.ts"
import {
  add,
  type Arithmetic,
  bitAnd,
  bitOr,
  bitXor,
  divide,
  floorDivide,
  invert,
  modulo,
  multiply,
  negate,
  power,
  shiftLeft,
  shiftRight,
  subtract,
} from "./numbers.ts"
import { Ordered } from "./objects.ts"
import { formatPercent } from "./percent.ts"
import type { BinaryOperator, CompareOperator, UnaryOperator } from "./syntax.ts"
import { asIndex, asInt, Dict, isList, type Key, type Meter, PySet, type PyValue, raise, Tuple } from "./values.ts"

export type BinaryFunction = (left: PyValue, right: PyValue, meter: Meter) => PyValue
export type CompareFunction = (left: PyValue, right: PyValue, meter: Meter) => boolean

/** What has operators of its own: moments and spans of time. */
export abstract class WithOperators extends Ordered {
  abstract operate(operator: BinaryOperator, other: PyValue, isLeft: boolean): PyValue | undefined
}

const numeric: Readonly<Record<BinaryOperator, Arithmetic | undefined>> = {
  "+": add,
  "-": subtract,
  "*": multiply,
  "/": divide,
  "//": floorDivide,
  "%": modulo,
  "**": power,
  "@": undefined,
  "<<": shiftLeft,
  ">>": shiftRight,
  "&": bitAnd,
  "|": bitOr,
  "^": bitXor,
}

/** The function of an operator. It raises TypeError for operands that Python does not take. */
export const binary = (operator: BinaryOperator): BinaryFunction => {
  const compute = numeric[operator]
  return (left, right, meter) => {
    // A str on the left of % takes any operand; no other number-like operand is a str.
    const number = compute?.(left, right, meter)
    if (number !== undefined) return number
    return onObjects(operator, left, right, meter) ?? raise("TypeError")
  }
}

const onObjects = (operator: BinaryOperator, left: PyValue, right: PyValue, meter: Meter): PyValue | undefined => {
  if (left instanceof WithOperators) return left.operate(operator, right, true)
  if (right instanceof WithOperators) return right.operate(operator, left, false)
  if (operator === "+") return concatenate(left, right, meter)
  if (operator === "*") return repeatEither(left, right, meter)
  if (operator === "%" && typeof left === "string") return formatPercent(left, right, meter)
  if (left instanceof PySet && right instanceof PySet) return combineSets(operator, left, right, meter)
  const [a, b] = operator === "|" ? [dictOf(left), dictOf(right)] : []
  return a !== undefined && b !== undefined ? merged(a, b, meter) : undefined
}

/** A key of both keeps its first spelling and takes the second value. */
const merged = (left: Dict, right: Dict, meter: Meter): Dict => {
  meter.chargeElements(left.entries.size + right.entries.size)
  const entries = new Map(left.entries)
  for (const [key, [spelling, value]] of right.entries) entries.set(key, [entries.get(key)?.[0] ?? spelling, value])
  return new Dict(entries)
}

const concatenate = (left: PyValue, right: PyValue, meter: Meter): PyValue | undefined => {
  if (typeof left === "string" && typeof right === "string") {
    meter.chargeText(left.length + right.length)
    return left + right
  }
  if (isList(left) && isList(right)) return joined(left, right, meter)
  if (left instanceof Tuple && right instanceof Tuple) return new Tuple(joined(left.items, right.items, meter))
  if (left instanceof Uint8Array && right instanceof Uint8Array)
    return Uint8Array.from(joined([...left], [...right], meter), Number)
  return undefined
}

const joined = (left: readonly PyValue[], right: readonly PyValue[], meter: Meter): readonly PyValue[] => {
  meter.chargeElements(left.length + right.length)
  return [...left, ...right]
}

const repeatEither = (left: PyValue, right: PyValue, meter: Meter): PyValue | undefined => {
  if (asInt(right) !== undefined) return repeat(left, Math.max(0, asIndex(right)), meter)
  return asInt(left) === undefined ? undefined : repeat(right, Math.max(0, asIndex(left)), meter)
}

const repeat = (value: PyValue, count: number, meter: Meter): PyValue | undefined => {
  if (typeof value === "string") {
    meter.chargeText(value.length * count)
    return value === "" ? "" : value.repeat(count)
  }
  if (value instanceof Tuple) return new Tuple(repeated(value.items, count, meter))
  if (value instanceof Uint8Array) return Uint8Array.from(repeated([...value], count, meter), Number)
  return isList(value) ? repeated(value, count, meter) : undefined
}

const repeated = (items: readonly PyValue[], count: number, meter: Meter): readonly PyValue[] => {
  meter.chargeElements(items.length * count)
  return items.length === 0 ? [] : Array.from({ length: count }, () => items).flat()
}

const combineSets = (operator: BinaryOperator, left: PySet, right: PySet, meter: Meter): PyValue | undefined => {
  meter.chargeElements(left.items.size + right.items.size)
  const only = (from: PySet, test: (key: Key) => boolean): readonly (readonly [Key, PyValue])[] =>
    [...from.items].filter(([key]) => test(key))
  const without = (from: PySet, other: PySet): readonly (readonly [Key, PyValue])[] => only(from, (key) => !other.items.has(key))
  const made = (items: readonly (readonly [Key, PyValue])[]): PySet => new PySet(new Map(items), left.frozen)
  // CPython takes what it finds from the smaller set, which shows in `{1} & {1.0}`.
  const [small, large] = right.items.size > left.items.size ? [left, right] : [right, left]
  if (operator === "&") return made(only(small, (key) => large.items.has(key)))
  if (operator === "|") return made([...left.items, ...without(right, left)])
  if (operator === "-") return made(without(left, right))
  return operator === "^" ? made([...without(left, right), ...without(right, left)]) : undefined
}

/** A set of what is iterated. */
export const setOf = (items: Iterable<PyValue>, frozen: boolean, meter: Meter): PySet => {
  const map = new Map<Key, PyValue>()
  for (const item of items) {
    meter.charge(1)
    const key = keyOf(item, meter)
    if (!map.has(key)) map.set(key, item)
  }
  return new PySet(map, frozen)
}

/** `is`: the same object; equal scalars of one type are taken for the same. */
const isSame = (left: PyValue, right: PyValue, meter: Meter): boolean => {
  if (left === right) return true
  if (typeof left !== typeof right || left === null || right === null || typeof left === "object") return false
  return equals(left, right, meter)
}

const comparisons: Readonly<Record<CompareOperator, CompareFunction>> = {
  "==": (left, right, meter) => equals(left, right, meter),
  "!=": (left, right, meter) => !equals(left, right, meter),
  "<": (left, right, meter) => order(left, right, meter) < 0,
  "<=": (left, right, meter) => order(left, right, meter) <= 0,
  ">": (left, right, meter) => order(left, right, meter) > 0,
  ">=": (left, right, meter) => order(left, right, meter) >= 0,
  in: (left, right, meter) => contains(right, left, meter),
  "not in": (left, right, meter) => !contains(right, left, meter),
  is: isSame,
  "is not": (left, right, meter) => !isSame(left, right, meter),
}

export const comparison = (operator: CompareOperator): CompareFunction => comparisons[operator]

export const unary = (operator: UnaryOperator): ((value: PyValue) => PyValue) => {
  if (operator === "not") return (value) => !truth(value)
  if (operator === "~") return invert
  if (operator === "+") return (value) => negate(negate(value))
  return negate
}
