import { Float, float, int, type Value } from "../value.ts"
import { limits, QueryTooDear } from "./faults.ts"

/**
 * What an expression can be worth. Scalars and lists are as in domain/value.ts; a JavaScript map is a plain dict that was
 * stored, a {@link Dict} one that the query made.
 */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | Float
  | string
  | Uint8Array
  | readonly PyValue[]
  | ReadonlyMap<string, Value>
  | Tuple
  | Dict
  | PySet
  | PyObject

/** A Python exception: the query does not match. It carries no stack, for one is thrown for every run without a value. */
export class PyError {
  readonly type: string
  constructor(type: string) {
    this.type = type
  }
}

export const raise = (type: string): never => {
  throw new PyError(type)
}

/** What one evaluation may still cost. */
export class Meter {
  left: number
  calls = 0
  constructor(steps: number) {
    this.left = steps
  }
  charge(steps: number): void {
    this.left -= steps
    if (this.left < 0) throw new QueryTooDear("The query needs too many steps")
  }
  /** For a collection or string that is about to be made. */
  chargeElements(count: number): void {
    if (count > limits.elements) throw new QueryTooDear("The query makes too large a collection")
    this.charge(count)
  }
  chargeText(length: number): void {
    if (length > limits.stringLength) throw new QueryTooDear("The query makes too long a string")
    this.charge(Math.ceil(length / 64))
  }
}

/** Anything with attributes, and what is none of the plain types. An attribute that is missing is None. */
export abstract class PyObject {
  abstract readonly typeName: string
  attribute(_name: string, _meter: Meter): PyValue {
    return null
  }
  item(_key: PyValue, _meter: Meter): PyValue {
    return raise("TypeError")
  }
  contains(_value: PyValue, _meter: Meter): boolean {
    return raise("TypeError")
  }
  isTrue(): boolean {
    return true
  }
}

export class Tuple {
  readonly items: readonly PyValue[]
  constructor(items: readonly PyValue[]) {
    this.items = items
  }
}

/** What dicts and sets know a key by: equal Python values have the same. */
export type Key = string | number | bigint | null | object

export class Dict {
  readonly entries: Map<Key, readonly [key: PyValue, value: PyValue]>
  constructor(entries: Map<Key, readonly [key: PyValue, value: PyValue]> = new Map()) {
    this.entries = entries
  }
}

export class PySet {
  readonly items: Map<Key, PyValue>
  readonly frozen: boolean
  constructor(items: Map<Key, PyValue> = new Map(), frozen = false) {
    this.items = items
    this.frozen = frozen
  }
}

export class Range extends PyObject {
  readonly typeName = "range"
  readonly start: number
  readonly stop: number
  readonly step: number
  readonly length: number
  constructor(start: number, stop: number, step: number) {
    super()
    this.start = start
    this.stop = stop
    this.step = step
    this.length = Math.max(0, Math.ceil((stop - start) / step))
  }
  override isTrue(): boolean {
    return this.length > 0
  }
  override attribute(name: string): PyValue {
    return name === "start" ? this.start : name === "stop" ? this.stop : name === "step" ? this.step : null
  }
}

export class PySlice extends PyObject {
  readonly typeName = "slice"
  readonly bounds: readonly [lower: PyValue, upper: PyValue, step: PyValue]
  constructor(lower: PyValue, upper: PyValue, step: PyValue) {
    super()
    this.bounds = [lower, upper, step]
  }
  override attribute(name: string): PyValue {
    const at = ["start", "stop", "step"].indexOf(name)
    return this.bounds[at] ?? null
  }
}

/** A generator or another iterator, which gives its values once. */
export class PyIterator extends PyObject {
  readonly typeName: string
  readonly values: Iterator<PyValue>
  constructor(values: Iterator<PyValue>, typeName = "generator") {
    super()
    this.values = values
    this.typeName = typeName
  }
}

export type Keywords = ReadonlyMap<string, PyValue>
export const noKeywords: Keywords = new Map()

/** Keyword arguments as the dict that `**name` is. */
export const keyedDict = (keywords: Keywords): Dict =>
  new Dict(new Map([...keywords].map(([name, value]) => [name, [name, value]])))

/** A function, method or lambda. */
export class Callable extends PyObject {
  readonly typeName: string = "function"
  readonly call: (args: readonly PyValue[], keywords: Keywords, meter: Meter) => PyValue
  constructor(call: (args: readonly PyValue[], keywords: Keywords, meter: Meter) => PyValue) {
    super()
    this.call = call
  }
}

/** A class: it can be called and asked about. */
export class PyType extends Callable {
  override readonly typeName: string = "type"
  readonly name: string
  readonly members: ReadonlyMap<string, PyValue>
  constructor(name: string, call: Callable["call"], members: ReadonlyMap<string, PyValue> = new Map()) {
    super(call)
    this.name = name
    this.members = members
  }
  override attribute(name: string): PyValue {
    return this.members.get(name) ?? null
  }
}

export const isStoredDict = (value: PyValue): value is ReadonlyMap<string, Value> => value instanceof Map
export const isList = (value: PyValue): value is readonly PyValue[] => Array.isArray(value)

/** An int as a number (safe) or bigint; a bool counts as 0 or 1; undefined for what is no int. */
export const asInt = (value: PyValue): number | bigint | undefined => {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : Number.isInteger(value) ? BigInt(value) : undefined
  if (typeof value === "boolean") return value ? 1 : 0
  return typeof value === "bigint" ? value : undefined
}

/** Whether a value is a float. */
export const isFloat = (value: PyValue): value is number | Float =>
  value instanceof Float || (typeof value === "number" && !Number.isInteger(value))

/** Any number, bool included, as a double; an int too large for one raises, as `float()` does. */
export const asDouble = (value: PyValue): number | undefined => {
  if (typeof value === "number") return value
  if (value instanceof Float) return value.value
  if (typeof value === "boolean") return value ? 1 : 0
  if (typeof value !== "bigint") return undefined
  const double = Number(value)
  return Number.isFinite(double) ? double : raise("OverflowError")
}

/** A small int for positions and counts; raises for what is no int, and cuts what is too large. */
export const asIndex = (value: PyValue): number => {
  const whole = asInt(value)
  if (whole === undefined) return raise("TypeError")
  if (typeof whole === "number") return whole
  return whole < 0n ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
}

export const asString = (value: PyValue): string => (typeof value === "string" ? value : raise("TypeError"))

export const typeName = (value: PyValue): string => {
  if (value === null) return "NoneType"
  if (typeof value === "boolean") return "bool"
  if (typeof value === "string") return "str"
  if (asInt(value) !== undefined) return "int"
  if (isFloat(value)) return "float"
  if (value instanceof Uint8Array) return "bytes"
  if (isList(value)) return "list"
  if (value instanceof Tuple) return "tuple"
  if (value instanceof PySet) return value.frozen ? "frozenset" : "set"
  return value instanceof PyObject ? value.typeName : "dict"
}

/** An int result of any size, within the limit on sizes. */
export const wholeNumber = (value: bigint): number | bigint => {
  // Comparing first keeps the common case from making a long text.
  if (value >= -(2n ** 1024n) && value <= 2n ** 1024n) return int(value)
  if (value.toString(16).length * 4 > limits.intBits) throw new QueryTooDear("The query makes too large a number")
  return value
}

export { Float, float, int }
