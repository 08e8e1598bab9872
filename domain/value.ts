/**
 * A value as a Python client means it: `1` and `1.0` differ, integers have any size, maps keep their order.
 *
 * A JavaScript number stands for a Python int when it is integral, else for a float (also NaN and the infinities).
 * A float that happens to be integral (`1.0`, `-0.0`, `1e300`) is a {@link Float}; an int beyond 2^53 is a bigint.
 */
export type Value = null | boolean | number | bigint | Float | string | Uint8Array | readonly Value[] | ValueMap

/** A map in insertion order; a plain object would reorder keys that look like integers. */
export type ValueMap = ReadonlyMap<string, Value>

/** A float64 whose value is integral, which a bare JavaScript number could not tell from an int. */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** The value of a number that is known to be a float. */
export const float = (value: number): number | Float => (Number.isInteger(value) ? new Float(value) : value)

/** The value of an int: a number where it is exact, else a bigint. */
export const int = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

export const isMap = (value: Value | undefined): value is ValueMap => value instanceof Map

/** Whether a value is a Python int (a bool is told apart by the caller). */
export const isInt = (value: Value): value is number | bigint =>
  typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))

/** The float64 of any number that is not a bool, as Python's `float()` gives it; undefined for other values. */
export const numberOf = (value: Value | undefined): number | undefined => {
  if (typeof value === "number") return value
  if (value instanceof Float) return value.value
  return typeof value === "bigint" ? Number(value) : undefined
}
