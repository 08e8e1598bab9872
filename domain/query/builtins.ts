import { builtin, given } from "./builtin.ts"
import { divmod, pow, round, sum } from "./numeric-builtins.ts"
import { iterate, length, list, truth } from "./collections.ts"
import { conversions } from "./conversions.ts"
import { comparable, keyOf, order } from "./equality.ts"
import { mathModule } from "./math.ts"
import { Span } from "./moments.ts"
import { negate } from "./numbers.ts"
import { repr } from "./repr.ts"
import { stringModule } from "./string-module.ts"
import { lengthOf } from "./text.ts"
import {
  asIndex,
  asInt,
  asString,
  Callable,
  isFloat,
  type Keywords,
  type Meter,
  noKeywords,
  PyIterator,
  PySlice,
  type PyValue,
  raise,
  Range,
  Tuple,
  typeName,
} from "./values.ts"

const abs = (value: PyValue): PyValue => {
  const number = comparable(value)
  if (number === undefined) return value instanceof Span ? value.abs() : raise("TypeError")
  return number < 0 || Object.is(number, -0) ? negate(value) : typeof value === "boolean" ? number : value
}

const callOf = (value: PyValue | undefined): ((item: PyValue, meter: Meter) => PyValue) => {
  if (value === undefined || value === null) return (item) => item
  return value instanceof Callable ? (item, meter) => value.call([item], noKeywords, meter) : raise("TypeError")
}

/** `min` and `max`: of one iterable or of several arguments, with `key` and `default`. */
const extreme = (sign: number): Callable =>
  new Callable((args, keywords, meter) => {
    for (const name of keywords.keys()) if (name !== "key" && name !== "default") return raise("TypeError")
    if (args.length === 0 || (args.length > 1 && keywords.has("default"))) return raise("TypeError")
    const keyOfItem = callOf(keywords.get("key"))
    let best: { item: PyValue; key: PyValue } | undefined
    for (const item of args.length === 1 ? iterate(given(args[0]), meter) : args) {
      meter.charge(1)
      const key = keyOfItem(item, meter)
      if (best === undefined || order(key, best.key, meter) * sign > 0) best = { item, key }
    }
    if (best !== undefined) return best.item
    return keywords.has("default") ? given(keywords.get("default")) : raise("ValueError")
  })

const sorted = new Callable((args, keywords, meter) => {
  for (const name of keywords.keys()) if (name !== "key" && name !== "reverse") return raise("TypeError")
  if (args.length !== 1) return raise("TypeError")
  const keyOfItem = callOf(keywords.get("key"))
  const items = [...list(given(args[0]), meter)].map((item) => ({ item, key: keyOfItem(item, meter) }))
  meter.charge(items.length * Math.ceil(Math.log2(items.length + 2)))
  const sign = truth(keywords.get("reverse") ?? false) ? -1 : 1
  // Python asks only `<`; where neither is less, as with NaN, the order stays.
  return items.sort((a, b) => sign * (order(a.key, b.key, meter) || 0)).map(({ item }) => item)
})

/** The reference's range: 1,000 items or more are refused. */
const range = new Callable((args, keywords) => {
  if (args.length < 1 || args.length > 3 || keywords.size > 0) return raise("TypeError")
  const whole = args.map((value) => (isFloat(value) ? raise("TypeError") : asIndex(value)))
  const [start = 0, stop = 0, step = 1] = args.length === 1 ? [0, ...whole] : whole
  if (step === 0) return raise("ValueError")
  return Math.trunc((stop - start) / step) >= 1_000 ? raise("ValueError") : new Range(start, stop, step)
})

function* zipped(sources: readonly Iterator<PyValue>[]): Generator<PyValue> {
  for (;;) {
    const row: PyValue[] = []
    for (const source of sources) {
      const next = source.next()
      if (next.done === true) return
      row.push(next.value)
    }
    yield new Tuple(row)
  }
}

const zip = new Callable((args, keywords: Keywords, meter) => {
  for (const name of keywords.keys()) if (name !== "strict") return raise("TypeError")
  const sources = args.map((value) => iterate(value, meter)[Symbol.iterator]())
  return new PyIterator(sources.length === 0 ? [][Symbol.iterator]() : zipped(sources), "zip")
})

const quantifier = (stopsAt: boolean): Callable =>
  builtin("iterable /", ([iterable], meter) => {
    for (const item of iterate(given(iterable), meter)) {
      meter.charge(1)
      if (truth(item) === stopsAt) return stopsAt
    }
    return !stopsAt
  })

const inBase = (radix: number, prefix: string): Callable =>
  builtin("number /", ([number]) => {
    const whole = asInt(given(number)) ?? raise("TypeError")
    return `${whole < 0 ? "-" : ""}${prefix}${(whole < 0 ? -BigInt(whole) : BigInt(whole)).toString(radix)}`
  })

const ord = builtin("character /", ([character]) => {
  if (character instanceof Uint8Array) return character.length === 1 ? (character[0] ?? 0) : raise("TypeError")
  const text = asString(given(character))
  return lengthOf(text) === 1 ? (text.codePointAt(0) ?? 0) : raise("TypeError")
})

const chr = builtin("point /", ([point]) => {
  const whole = asInt(given(point)) ?? raise("TypeError")
  return whole >= 0 && whole <= 0x10ffff ? String.fromCodePoint(Number(whole)) : raise("ValueError")
})

const slice = new Callable((args) => {
  const [first = null, second = null, third = null] = args
  return args.length === 0 || args.length > 3
    ? raise("TypeError")
    : args.length === 1
      ? new PySlice(null, first, null)
      : new PySlice(first, second, third)
})

const sameType = new Callable((args) => {
  const [first] = args.map(typeName)
  return args.length === 0 ? raise("TypeError") : args.every((value) => typeName(value) === first)
})

/** The reference's `test`: of pairs the value whose condition holds, else the odd last one. */
const test = new Callable((args) => {
  for (let at = 0; at + 1 < args.length; at += 2) if (truth(given(args[at]))) return given(args[at + 1])
  return args.length % 2 === 1 ? given(args.at(-1)) : null
})

const hash = builtin("value /", ([value], meter) => {
  const whole = asInt(given(value))
  keyOf(given(value), meter)
  // Python's hash of texts differs from process to process, so no query can rest on it.
  return whole !== undefined && whole >= 0 && whole < 2 ** 53 ? whole : raise("TypeError")
})

/** What every query may name, but for dates, which depend on the user's time zone. `random` is left out: answers must repeat. */
export const builtins: ReadonlyMap<string, PyValue> = new Map<string, PyValue>([
  ["abs", builtin("value /", ([value]) => abs(given(value)))],
  ["all", quantifier(false)],
  ["any", quantifier(true)],
  ["callable", builtin("value /", ([value]) => value instanceof Callable)],
  ["chr", chr],
  ["divmod", divmod],
  ["hash", hash],
  ["hex", inBase(16, "0x")],
  ["len", builtin("value /", ([value]) => length(given(value)))],
  ["max", extreme(1)],
  ["min", extreme(-1)],
  ["oct", inBase(8, "0o")],
  ["ord", ord],
  ["pow", pow],
  ["range", range],
  ["repr", builtin("value /", ([value], meter) => repr(given(value), meter))],
  ["round", round],
  ["same_type", sameType],
  ["slice", slice],
  ["sorted", sorted],
  ["sum", sum],
  ["test", test],
  ["zip", zip],
  ["math", mathModule],
  ["string", stringModule],
  ...conversions,
])
