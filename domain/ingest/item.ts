/** Reads the fields of one message as leniently as the reference: numeric strings, whole floats, words for booleans. */
import { microsOf } from "../time.ts"
import { Float, int, isInt, isMap, numberOf, type Value, type ValueMap } from "../value.ts"
import type { Problem } from "./problem.ts"

/** A reader of one message. What is wrong with it gathers in `problems`; the values read then mean nothing. */
export class Item {
  readonly problems: Problem[] = []
  readonly #fields: ValueMap
  readonly #type: string

  constructor(fields: ValueMap, type: string) {
    this.#fields = fields
    this.#type = type
  }

  refuse(field: string, text: string, kind = "limit"): void {
    this.problems.push({ where: `${this.#type}.${field}`, text, kind, input: this.#fields.get(field) ?? null })
  }

  refused(field: string): boolean {
    return this.problems.some(({ where }) => where === `${this.#type}.${field}`)
  }

  has(field: string): boolean {
    return this.#fields.has(field)
  }

  text(field: string): string {
    return this.#required(field, (value) => this.#textOf(field, value)) ?? ""
  }

  /** Null where it is null or missing. */
  optionalText(field: string): string | null {
    return this.#given(field, (value) => this.#textOf(field, value))
  }

  /** A key that must be there, and may be null. */
  nullableText(field: string): string | null {
    return this.#present(field) ? this.optionalText(field) : null
  }

  float(field: string): number {
    return this.#required(field, (value) => this.#floatOf(field, value)) ?? 0
  }

  int(field: string): number {
    return this.#required(field, (value) => this.#intOf(field, value)) ?? 0
  }

  optionalInt(field: string): number | null {
    return this.#given(field, (value) => this.#intOf(field, value))
  }

  nullableInt(field: string): number | null {
    return this.#present(field) ? this.optionalInt(field) : null
  }

  optionalBoolean(field: string): boolean | null {
    return this.#given(field, (value) => this.#booleanOf(field, value))
  }

  /** Microseconds since 1970. */
  time(field: string): number {
    return this.#required(field, (value) => this.#timeOf(field, value)) ?? 0
  }

  optionalTime(field: string): number | null {
    return this.#given(field, (value) => this.#timeOf(field, value))
  }

  map(field: string): ValueMap {
    return this.#required(field, (value) => this.#mapOf(field, value)) ?? new Map()
  }

  optionalMap(field: string): ValueMap | null {
    return this.#given(field, (value) => this.#mapOf(field, value))
  }

  nullableMap(field: string): ValueMap | null {
    return this.#present(field) ? this.optionalMap(field) : null
  }

  optionalList(field: string): readonly Value[] | null {
    return this.#given(field, (value) => (Array.isArray(value) ? value : this.#wrong(field, "Expected a list", "list_type")))
  }

  #required<A>(field: string, read: (value: Value) => A | null): A | null {
    return this.#present(field) ? read(this.#fields.get(field) ?? null) : null
  }

  #given<A>(field: string, read: (value: Value) => A | null): A | null {
    const value = this.#fields.get(field)
    return value === undefined || value === null ? null : read(value)
  }

  #present(field: string): boolean {
    if (this.#fields.has(field)) return true
    this.problems.push({ where: `${this.#type}.${field}`, text: "Field required", kind: "missing", input: this.#fields })
    return false
  }

  #wrong(field: string, text: string, kind: string): null {
    this.refuse(field, text, kind)
    return null
  }

  #textOf(field: string, value: Value): string | null {
    return typeof value === "string" ? value : this.#wrong(field, "Expected a string", "string_type")
  }

  #mapOf(field: string, value: Value): ValueMap | null {
    return isMap(value) ? value : this.#wrong(field, "Expected an object", "dict_type")
  }

  #timeOf(field: string, value: Value): number | null {
    const micros = microsOf(value)
    return Number.isNaN(micros)
      ? this.#wrong(field, "Expected a date and time in ISO 8601, or Unix seconds", "datetime_from_date_parsing")
      : micros
  }

  #booleanOf(field: string, value: Value): boolean | null {
    if (typeof value === "boolean") return value
    const number = numberOf(value)
    if (number === 0 || number === 1) return number === 1
    const word = typeof value === "string" ? booleanWords.get(value.toLowerCase()) : undefined
    return word ?? this.#wrong(field, "Expected a boolean", typeof value === "string" ? "bool_parsing" : "bool_type")
  }

  #floatOf(field: string, value: Value): number | null {
    if (typeof value === "boolean") return value ? 1 : 0
    if (typeof value !== "string") return numberOf(value) ?? this.#wrong(field, "Expected a number", "float_type")
    return floatOfText(value.trim()) ?? this.#wrong(field, "Expected a number, and the string is none", "float_parsing")
  }

  #intOf(field: string, value: Value): number | null {
    const integer = integerOf(value)
    if (integer === undefined) {
      if (typeof value === "string") return this.#wrong(field, "Expected an integer, and the string is none", "int_parsing")
      return numberOf(value) === undefined
        ? this.#wrong(field, "Expected an integer", "int_type")
        : this.#wrong(field, "Expected an integer, and the number has a fraction", "int_from_float")
    }
    return typeof integer === "number" ? integer : this.#wrong(field, "Integers beyond ±(2^53-1) are not kept here", "limit")
  }
}

/** The integer a value stands for; a bigint where it is beyond ±(2^53-1). */
const integerOf = (value: Value): number | bigint | undefined => {
  if (typeof value === "boolean") return value ? 1 : 0
  if (isInt(value)) return value
  if (value instanceof Float) return int(BigInt(value.value))
  if (typeof value !== "string") return undefined
  const digits = /^\s*([+-]?\d{1,4300})(?:\.0*)?\s*$/.exec(value)?.[1]
  return digits === undefined ? undefined : int(BigInt(digits.replace("+", "")))
}

const floatOfText = (text: string): number | undefined => {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  const named = /^([+-]?)(nan|inf|infinity)$/i.exec(text)
  if (named === null) return undefined
  if (named[2]?.toLowerCase() === "nan") return Number.NaN
  return named[1] === "-" ? -Infinity : Infinity
}

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "yes", "y", "on", "1"].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "off", "0"].map((word) => [word, false] as const),
])
