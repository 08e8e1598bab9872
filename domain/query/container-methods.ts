import { bindArguments, type Method, signature } from "./arguments.ts"
import { iterate, list } from "./collections.ts"
import { dictOf, isSubset, keyOf, same } from "./equality.ts"
import { floatHex, intBitCount, intBitLength } from "./number-methods.ts"
import { binary, setOf } from "./operators.ts"
import type { BinaryOperator } from "./syntax.ts"
import { asDouble, asIndex, asInt, type Dict, isList, type Meter, PySet, type PyValue, raise, Range, Tuple } from "./values.ts"

type Bound = readonly (PyValue | undefined)[]

/** Methods that would change a value are left out: calling one raises, for None is not callable. */
const method = (parameters: string, run: (self: PyValue, bound: Bound, meter: Meter) => PyValue): Method => {
  const known = signature(parameters)
  return (self, args, keywords, meter) => run(self, bindArguments(known, args, keywords), meter)
}

const itemsOf = (self: PyValue, meter: Meter): readonly PyValue[] => {
  if (self instanceof Range) return list(self, meter)
  return self instanceof Tuple ? self.items : isList(self) ? self : raise("TypeError")
}

const indexIn = (self: PyValue, value: PyValue, start: PyValue | undefined, end: PyValue | undefined, meter: Meter): number => {
  const items = itemsOf(self, meter)
  meter.charge(items.length >> 4)
  const clamp = (bound: number): number => Math.max(0, bound < 0 ? bound + items.length : bound)
  const last = end === undefined ? items.length : clamp(asIndex(end))
  for (let at = start === undefined ? 0 : clamp(asIndex(start)); at < Math.min(last, items.length); at++)
    if (same(items[at] ?? null, value, meter)) return at
  return raise("ValueError")
}

export const listMethods: ReadonlyMap<string, Method> = new Map([
  [
    "index",
    method("value / start? / end? /", (self, [value, start, end], meter) => indexIn(self, value ?? null, start, end, meter)),
  ],
  [
    "count",
    method("value /", (self, [value], meter) => {
      const items = itemsOf(self, meter)
      meter.charge(items.length)
      return items.filter((item) => same(item, value ?? null, meter)).length
    }),
  ],
  ["copy", method("", (self) => (isList(self) ? self : raise("TypeError")))],
])

const entriesOf = (self: PyValue): Dict => dictOf(self) ?? raise("TypeError")

export const dictMethods: ReadonlyMap<string, Method> = new Map([
  [
    "get",
    method("key / default? /", (self, [key, missing], meter) => {
      const entry = entriesOf(self).entries.get(keyOf(key ?? null, meter))
      return entry === undefined ? (missing ?? null) : entry[1]
    }),
  ],
  ["keys", method("", (self) => [...entriesOf(self).entries.values()].map(([key]) => key))],
  ["values", method("", (self) => [...entriesOf(self).entries.values()].map(([, value]) => value))],
  ["items", method("", (self) => [...entriesOf(self).entries.values()].map((entry) => new Tuple(entry)))],
  ["copy", method("", (self) => entriesOf(self))],
])

const setOperation =
  (operator: BinaryOperator): Method =>
  (self, args, keywords, meter) => {
    if (keywords.size > 0 || (operator === "^" && args.length !== 1)) return raise("TypeError")
    const apply = binary(operator)
    return args.reduce<PyValue>((made, other) => apply(made, setOf(iterate(other, meter), false, meter), meter), self)
  }

const relation = (test: (self: PySet, other: PySet, meter: Meter) => boolean): Method =>
  method("other /", (self, [other], meter) => {
    const set = setOf(list(other ?? null, meter), false, meter)
    return self instanceof PySet ? test(self, set, meter) : raise("TypeError")
  })

export const setMethods: ReadonlyMap<string, Method> = new Map([
  ["union", setOperation("|")],
  ["intersection", setOperation("&")],
  ["difference", setOperation("-")],
  ["symmetric_difference", setOperation("^")],
  ["issubset", relation((self, other, meter) => isSubset(self, other, meter))],
  ["issuperset", relation((self, other, meter) => isSubset(other, self, meter))],
  ["isdisjoint", relation((self, other) => [...self.items.keys()].every((key) => !other.items.has(key)))],
  ["copy", method("", (self) => self)],
])

export const bytesMethods: ReadonlyMap<string, Method> = new Map([
  [
    "decode",
    method("encoding? errors?", (self, [encoding]) => {
      if (!(self instanceof Uint8Array) || (encoding !== undefined && encoding !== "utf-8" && encoding !== "ascii"))
        return raise("LookupError")
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(self)
      } catch {
        return raise("UnicodeDecodeError")
      }
    }),
  ],
  [
    "hex",
    method("", (self) =>
      self instanceof Uint8Array ? Array.from(self, (byte) => byte.toString(16).padStart(2, "0")).join("") : raise("TypeError"),
    ),
  ],
])

export const intMethods: ReadonlyMap<string, Method> = new Map([
  ["bit_length", method("", (self) => intBitLength(asInt(self) ?? 0))],
  ["bit_count", method("", (self) => intBitCount(asInt(self) ?? 0))],
  ["conjugate", method("", (self) => asInt(self) ?? null)],
  ["is_integer", method("", () => true)],
  ["as_integer_ratio", method("", (self) => new Tuple([asInt(self) ?? null, 1]))],
])

export const floatMethods: ReadonlyMap<string, Method> = new Map([
  ["is_integer", method("", (self) => Number.isInteger(asDouble(self)))],
  ["conjugate", method("", (self) => self)],
  ["hex", method("", (self) => floatHex(asDouble(self) ?? Number.NaN))],
])
