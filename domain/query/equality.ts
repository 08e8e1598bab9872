import {
  Dict,
  Float,
  isList,
  isStoredDict,
  type Key,
  type Meter,
  PyObject,
  PySet,
  type PyValue,
  raise,
  Range,
  Tuple,
} from "./values.ts"
import { Ordered, Wrapped } from "./objects.ts"

/** Nesting beyond which comparing raises, as Python's does at its recursion limit. */
const deepest = 200

/** A number as JavaScript compares it exactly: bigints with doubles by value. */
export const comparable = (value: PyValue): number | bigint | undefined => {
  if (typeof value === "number" || typeof value === "bigint") return value
  if (value instanceof Float) return value.value
  return typeof value === "boolean" ? (value ? 1 : 0) : undefined
}

/** `left == right`. */
export const equals = (left: PyValue, right: PyValue, meter: Meter, depth = 0): boolean => {
  if (typeof left === "string" || typeof right === "string" || left === null || right === null) return left === right
  const a = comparable(left)
  if (a !== undefined) {
    const b = comparable(right)
    // oxlint-disable-next-line eqeqeq -- only == compares a bigint with a number by value
    return b !== undefined && a == b
  }
  if (depth > deepest) return raise("RecursionError")
  return equalObjects(left, right, meter, depth)
}

const equalObjects = (left: PyValue, right: PyValue, meter: Meter, depth: number): boolean => {
  if (left instanceof Wrapped) return equals(left.map, right instanceof Wrapped ? right.map : right, meter, depth + 1)
  if (right instanceof Wrapped) return equals(left, right.map, meter, depth + 1)
  if (left === right) return true
  if (isList(left)) return isList(right) && equalItems(left, right, meter, depth)
  if (left instanceof Tuple) return right instanceof Tuple && equalItems(left.items, right.items, meter, depth)
  const dict = dictOf(left)
  if (dict !== undefined) return equalDicts(dict, dictOf(right), meter, depth)
  if (left instanceof PySet) return right instanceof PySet && left.items.size === right.items.size && isSubset(left, right, meter)
  if (left instanceof Uint8Array) return right instanceof Uint8Array && compareBytes(left, right) === 0
  if (left instanceof Range && right instanceof Range) return rangeKey(left) === rangeKey(right)
  if (left instanceof Ordered && right instanceof Ordered) return left.typeName === right.typeName && left.rank === right.rank
  return false
}

/** `is` or `==`, as containers compare what they hold. */
export const same = (left: PyValue, right: PyValue, meter: Meter, depth = 0): boolean =>
  (left === right && typeof left === "object") || equals(left, right, meter, depth)

const equalItems = (left: readonly PyValue[], right: readonly PyValue[], meter: Meter, depth: number): boolean => {
  if (left.length !== right.length) return false
  meter.charge(left.length)
  return left.every((item, at) => same(item, right[at] ?? null, meter, depth + 1))
}

const equalDicts = (left: Dict, right: Dict | undefined, meter: Meter, depth: number): boolean => {
  if (right === undefined || left.entries.size !== right.entries.size) return false
  meter.charge(left.entries.size)
  for (const [key, [, value]] of left.entries) {
    const other = right.entries.get(key)
    if (other === undefined || !same(value, other[1], meter, depth + 1)) return false
  }
  return true
}

export const isSubset = (left: PySet, right: PySet, meter: Meter): boolean => {
  meter.charge(left.items.size)
  for (const key of left.items.keys()) if (!right.items.has(key)) return false
  return true
}

/** A dict of either kind; undefined for what is none. */
export const dictOf = (value: PyValue): Dict | undefined => {
  if (value instanceof Dict) return value
  if (!isStoredDict(value)) return undefined
  const entries = new Map<Key, readonly [PyValue, PyValue]>()
  for (const [key, item] of value) entries.set(keyOfText(key), [key, item])
  return new Dict(entries)
}

/** By code point, as Python orders str: UTF-16 units order wrongly where surrogates meet U+E000 and above. */
export const compareStrings = (left: string, right: string): number => {
  if (left === right) return 0
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)]
    if (a !== b) return rankOfUnit(a) - rankOfUnit(b)
  }
  return left.length - right.length
}

const rankOfUnit = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit)

export const compareBytes = (left: Uint8Array, right: Uint8Array): number => {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Negative, zero or positive; NaN where nothing is true (NaN, unrelated sets); raises for types without an order. */
export const order = (left: PyValue, right: PyValue, meter: Meter, depth = 0): number => {
  if (typeof left === "string" && typeof right === "string") return compareStrings(left, right)
  const a = comparable(left)
  const b = comparable(right)
  if (a !== undefined && b !== undefined) return a < b ? -1 : a > b ? 1 : a >= b ? 0 : Number.NaN
  if (depth > deepest) return raise("RecursionError")
  if (isList(left) && isList(right)) return orderItems(left, right, meter, depth)
  if (left instanceof Tuple && right instanceof Tuple) return orderItems(left.items, right.items, meter, depth)
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right)
  if (left instanceof PySet && right instanceof PySet) return orderSets(left, right, meter)
  if (left instanceof Ordered && right instanceof Ordered && left.typeName === right.typeName) return left.rank - right.rank
  return raise("TypeError")
}

const orderItems = (left: readonly PyValue[], right: readonly PyValue[], meter: Meter, depth: number): number => {
  const length = Math.min(left.length, right.length)
  meter.charge(length)
  for (let at = 0; at < length; at++) {
    const [a, b] = [left[at] ?? null, right[at] ?? null]
    if (!same(a, b, meter, depth + 1)) return order(a, b, meter, depth + 1)
  }
  return left.length - right.length
}

const orderSets = (left: PySet, right: PySet, meter: Meter): number => {
  if (left.items.size === right.items.size) return isSubset(left, right, meter) ? 0 : Number.NaN
  if (left.items.size < right.items.size) return isSubset(left, right, meter) ? -1 : Number.NaN
  return isSubset(right, left, meter) ? 1 : Number.NaN
}

/** Begins the keys of what is no plain scalar; no text of a user's is in that form by accident, and those are escaped. */
const compound = "\uDFFF"

/** What a dict or set knows a value by; raises for what cannot be hashed. */
export const keyOf = (value: PyValue, meter: Meter, depth = 0): Key => {
  if (typeof value === "string") return keyOfText(value)
  if (value === null || typeof value === "number") return value
  const number = comparable(value)
  if (number !== undefined) return keyOfNumber(number)
  if (depth > deepest) return raise("RecursionError")
  if (value instanceof Tuple) return keyOfItems("t", value.items, meter, depth)
  if (value instanceof Uint8Array) return `${compound}b${[...value].join()}`
  if (value instanceof PySet && value.frozen) return keyOfItems("f", [...value.items.values()], meter, depth)
  if (value instanceof Range) return rangeKey(value)
  if (value instanceof Ordered) return `${compound}${value.typeName}${value.rank}`
  return value instanceof PyObject && !(value instanceof Wrapped) ? value : raise("TypeError")
}

/** Ranges are equal when they count the same. */
const rangeKey = ({ length, start, step }: Range): string =>
  `${compound}r${length}${length > 0 ? `,${start}` : ""}${length > 1 ? `,${step}` : ""}`

const keyOfNumber = (value: number | bigint): Key =>
  typeof value === "number" ? (Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value) : value

const keyOfText = (text: string): Key => (text.startsWith(compound) ? `${compound}s${text}` : text)

const keyOfItems = (kind: string, items: readonly PyValue[], meter: Meter, depth: number): Key => {
  meter.charge(items.length)
  let length = 0
  const keys = items.map((item) => {
    const key = keyOf(item, meter, depth + 1)
    if (typeof key === "object" && key !== null) return raise("TypeError")
    const text = String(key)
    length += text.length
    meter.chargeText(length)
    return `${typeof key}${text.length}:${text}`
  })
  return `${compound}${kind}${(kind === "f" ? keys.sort() : keys).join("")}`
}
