import type { Method } from "./arguments.ts"
import { bytesMethods, dictMethods, intMethods, floatMethods, listMethods, setMethods } from "./container-methods.ts"
import { stringMethods } from "./string-methods.ts"
import {
  asInt,
  Callable,
  Dict,
  Float,
  isList,
  isStoredDict,
  type Meter,
  PyObject,
  PySet,
  type PyValue,
  raise,
  Range,
  Tuple,
} from "./values.ts"

const methodsOf = (value: PyValue): ReadonlyMap<string, Method> | undefined => {
  if (typeof value === "string") return stringMethods
  if (value === null) return undefined
  if (isList(value) || value instanceof Tuple || value instanceof Range) return listMethods
  if (value instanceof Dict || isStoredDict(value)) return dictMethods
  if (value instanceof PySet) return setMethods
  if (value instanceof Uint8Array) return bytesMethods
  if (value instanceof PyObject) return undefined
  return asInt(value) === undefined ? floatMethods : intMethods
}

/** The method that `value.name(…)` calls, for plain values. */
export const methodOf = (value: PyValue, name: string): Method | undefined => methodsOf(value)?.get(name)

const numberAttributes = new Set(["real", "imag", "numerator", "denominator"])

/** `value.name`: None where there is no such attribute, on whatever value; `str.format` is not safe and raises. */
export const attributeOf = (value: PyValue, name: string, meter: Meter): PyValue => {
  if (value instanceof PyObject && !(value instanceof Range && listMethods.has(name))) return value.attribute(name, meter)
  if (typeof value === "string" && (name === "format" || name === "format_map")) return raise("NotImplementedError")
  const method = methodOf(value, name)
  if (method !== undefined) return new Callable((args, keywords, called) => method(value, args, keywords, called))
  return numberAttributes.has(name) ? numberAttribute(value, name) : null
}

const numberAttribute = (value: PyValue, name: string): PyValue => {
  const whole = asInt(value)
  if (whole !== undefined) return name === "imag" ? 0 : name === "denominator" ? 1 : whole
  if (typeof value !== "number" && !(value instanceof Float)) return null
  return name === "real" ? value : name === "imag" ? new Float(0) : null
}
