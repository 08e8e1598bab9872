import { iterate, list, truth } from "./collections.ts"
import { limits, QueryTooDear } from "./faults.ts"
import { truncate } from "./numbers.ts"
import { setOf } from "./operators.ts"
import { str } from "./repr.ts"
import { trimEnd, trimStart } from "./text.ts"
import {
  asDouble,
  asInt,
  Callable,
  float,
  isFloat,
  type Keywords,
  type Meter,
  PyType,
  type PyValue,
  raise,
  Tuple,
  typeName,
  wholeNumber,
} from "./values.ts"

const trimmed = (text: string): string => trimStart(trimEnd(text))

/** Digits of any script as ASCII ones, as `int` and `float` read them. */
const asciiDigits = (text: string): string =>
  text.replaceAll(/[^!-~]/gu, (character) => {
    if (!/\p{Nd}/u.test(character)) return character
    const point = character.codePointAt(0) ?? 0
    // Unicode's decimal digits come in runs of ten that begin where the one before is no digit.
    let zero = point
    while (point - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
    return String(point - zero)
  })

const toInt = (args: readonly PyValue[], keywords: Keywords): PyValue => {
  const [value = 0] = args
  const base = args[1] ?? keywords.get("base")
  if (args.length > 2 || (keywords.size > 0 && !keywords.has("base"))) return raise("TypeError")
  if (typeof value === "string") return parseInt(value, base === undefined ? 10 : Number(asInt(base) ?? raise("TypeError")))
  if (base !== undefined) return raise("TypeError")
  const whole = asInt(value)
  return whole ?? (isFloat(value) ? truncate(asDouble(value) ?? 0) : raise("TypeError"))
}

const parseInt = (text: string, base: number): PyValue => {
  if (base !== 0 && (base < 2 || base > 36)) return raise("ValueError")
  const match = /^([+-]?)(0[xX]_?|0[oO]_?|0[bB]_?)?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)$/.exec(asciiDigits(trimmed(text)))
  if (match === null) return raise("ValueError")
  const [whole = "", sign = "", prefix = "", digits = ""] = match
  const named = { x: 16, o: 8, b: 2 }[prefix.slice(1, 2).toLowerCase()]
  const usesPrefix = named !== undefined && (base === 0 || base === named)
  const radix = usesPrefix ? named : base === 0 ? 10 : base
  const text36 = (usesPrefix ? digits : whole.slice(sign.length)).replaceAll("_", "").toLowerCase()
  if (base === 0 && !usesPrefix && /^0+[1-9]/.test(text36)) return raise("ValueError")
  if (radix === 10 && text36.length > 4_300) return raise("ValueError")
  if (text36.length * Math.log2(radix) > limits.intBits) throw new QueryTooDear("The query makes too large a number")
  let value = 0n
  for (const digit of text36) {
    const number = "0123456789abcdefghijklmnopqrstuvwxyz".indexOf(digit)
    if (number >= radix || number === -1) return raise("ValueError")
    value = value * BigInt(radix) + BigInt(number)
  }
  return wholeNumber(sign === "-" ? -value : value)
}

const toFloat = (args: readonly PyValue[], keywords: Keywords): PyValue => {
  const [value = 0] = args
  if (args.length > 1 || keywords.size > 0) return raise("TypeError")
  if (typeof value !== "string") return float(asDouble(value) ?? raise("TypeError"))
  const text = asciiDigits(trimmed(value)).toLowerCase()
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(text)
  if (special !== null)
    return special[2] === "nan" ? Number.NaN : special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const isNumber = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/.test(text)
  return isNumber ? float(Number(text.replaceAll("_", ""))) : raise("ValueError")
}

/** The reference's `list` and `tuple`, which take no str. */
const items = (args: readonly PyValue[], keywords: Keywords, meter: Meter): readonly PyValue[] => {
  const [value] = args
  if (args.length > 1 || keywords.size > 0 || typeof value === "string" || value === undefined) return raise("TypeError")
  return list(value, meter)
}

const toBytes = (args: readonly PyValue[], _keywords: Keywords, meter: Meter): PyValue => {
  const [value] = args
  if (value === undefined) return new Uint8Array()
  if (typeof value === "string")
    return typeof args[1] === "string" ? Uint8Array.from(new TextEncoder().encode(value)) : raise("TypeError")
  const count = asInt(value)
  if (count !== undefined) {
    if (count < 0) return raise("ValueError")
    meter.chargeElements(Number(count))
    return new Uint8Array(Number(count))
  }
  return Uint8Array.from(list(value, meter), (item) => {
    const byte = asInt(item) ?? raise("TypeError")
    return byte >= 0 && byte < 256 ? Number(byte) : raise("ValueError")
  })
}

const setFrom =
  (frozen: boolean): Callable["call"] =>
  (args, keywords, meter) => {
    const [value] = args
    if (args.length > 1 || keywords.size > 0) return raise("TypeError")
    return setOf(value === undefined ? [] : iterate(value, meter), frozen, meter)
  }

const single = (args: readonly PyValue[], keywords: Keywords): PyValue | undefined =>
  args.length > 1 || keywords.size > 0 ? raise("TypeError") : args[0]

const types: readonly PyType[] = [
  new PyType("int", toInt),
  new PyType("float", toFloat),
  new PyType("bool", (args, keywords) => truth(single(args, keywords) ?? false)),
  new PyType("str", (args, keywords, meter) => (args.length === 0 ? "" : str(single(args, keywords) ?? null, meter))),
  new PyType("bytes", toBytes),
  new PyType("list", items),
  new PyType("tuple", (args, keywords, meter) => new Tuple(items(args, keywords, meter))),
  new PyType("set", setFrom(false)),
  new PyType("frozenset", setFrom(true)),
]

/** `isinstance(value, type)`, or one of a tuple of types. */
const isInstance: Callable["call"] = (args, _keywords, meter) => {
  const [value = null, type = null] = args
  if (args.length !== 2) return raise("TypeError")
  if (type instanceof Tuple) {
    meter.charge(type.items.length)
    return type.items.some((each) => isInstance([value, each], new Map(), meter) === true)
  }
  if (!(type instanceof PyType)) return raise("TypeError")
  const name = typeName(value)
  return name === type.name || (name === "bool" && type.name === "int")
}

const isSubclass: Callable["call"] = (args) => {
  const [type = null, parent = null] = args
  if (!(type instanceof PyType && parent instanceof PyType)) return raise("TypeError")
  return type.name === parent.name || (type.name === "bool" && parent.name === "int")
}

/** The types that a query may call, and what asks for them. */
export const conversions: readonly (readonly [string, PyValue])[] = [
  ...types.map((type) => [type.name, type] as const),
  ["isinstance", new Callable(isInstance)],
  ["issubclass", new Callable(isSubclass)],
]
