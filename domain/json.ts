/**
 * JSON as Python reads it, without loss: `1` is an int and `1.0` a float, integers keep their digits, maps their order,
 * and `NaN`, `Infinity`, `-Infinity` are numbers. A repeated key takes its first place and its last value.
 * Source: Python's `json` module, whose wording of syntax errors clients may show.
 */
import { faultText, JsonFault } from "./json-fault.ts"
import { readEscaped } from "./json-string.ts"
import { float, int, type Value } from "./value.ts"

/** The value of a text, or what is wrong with it and where. */
export type Parsed = { readonly value: Value } | { readonly error: string }

export interface JsonLimits {
  /** How many lists and maps may stand within each other; 128 by default. */
  readonly deepest?: number
  /**
   * Cuts what is beyond a limit instead of refusing the text: deeper values become null, longer integers keep their first
   * digits. For a reader who refuses both well below the limit, but one item at a time.
   */
  readonly cut?: boolean
}

/** Values that are nested too deep are an error, as are integers of more than 4,300 digits (Python's own limit). */
export const parseJson = (text: string, limits: JsonLimits = {}): Parsed => {
  const reader = new Reader(text, limits)
  try {
    return { value: reader.document() }
  } catch (fault) {
    if (fault instanceof JsonFault) return { error: faultText(text, fault) }
    throw fault
  }
}

const mostDigits = 4300

const words: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
])

const quote = 0x22
const backslash = 0x5c
const minus = 0x2d

class Reader {
  readonly #text: string
  readonly #deepest: number
  readonly #cut: boolean
  #at = 0

  constructor(text: string, { deepest = 128, cut = false }: JsonLimits) {
    this.#text = text
    this.#deepest = deepest
    this.#cut = cut
  }

  document(): Value {
    if (this.#text.charCodeAt(0) === 0xfeff) throw new JsonFault("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0)
    this.#space()
    const value = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) throw new JsonFault("Extra data", this.#at)
    return value
  }

  #value(depth: number): Value {
    const code = this.#text.charCodeAt(this.#at)
    if (code === quote) return this.#string()
    if (code === minus || (code >= 0x30 && code <= 0x39)) return this.#number()
    if (code !== 0x7b && code !== 0x5b) return this.#word()
    if (depth === this.#deepest) return this.#tooDeep()
    return code === 0x7b ? this.#map(depth + 1) : this.#list(depth + 1)
  }

  /** Passes over a list or map, whose inside is only looked at for its end. */
  #tooDeep(): null {
    if (!this.#cut) throw new JsonFault(`Nested deeper than ${this.#deepest} levels`, this.#at)
    let open = 0
    do {
      const code = this.#text.charCodeAt(this.#at)
      if (Number.isNaN(code)) throw new JsonFault("Expecting value", this.#at)
      if (code === quote) this.#string()
      else this.#at++
      if (code === 0x7b || code === 0x5b) open++
      else if (code === 0x7d || code === 0x5d) open--
    } while (open > 0)
    return null
  }

  #map(depth: number): Value {
    const map = new Map<string, Value>()
    this.#at++
    if (this.#space() === 0x7d) return this.#closed(map)
    for (;;) {
      if (this.#space() !== quote) throw new JsonFault("Expecting property name enclosed in double quotes", this.#at)
      const key = this.#string()
      if (this.#space() !== 0x3a) throw new JsonFault("Expecting ':' delimiter", this.#at)
      this.#at++
      this.#space()
      map.set(key, this.#value(depth))
      if (this.#space() === 0x7d) return this.#closed(map)
      this.#comma()
    }
  }

  #list(depth: number): Value {
    const list: Value[] = []
    this.#at++
    if (this.#space() === 0x5d) return this.#closed(list)
    for (;;) {
      this.#space()
      list.push(this.#value(depth))
      if (this.#space() === 0x5d) return this.#closed(list)
      this.#comma()
    }
  }

  #closed(value: Value): Value {
    this.#at++
    return value
  }

  #comma(): void {
    if (this.#text.charCodeAt(this.#at) !== 0x2c) throw new JsonFault("Expecting ',' delimiter", this.#at)
    this.#at++
  }

  #string(): string {
    const text = this.#text
    const start = ++this.#at
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === quote) {
        this.#at = at + 1
        return text.slice(start, at)
      }
      if (code === backslash) {
        const { value, end } = readEscaped(text, start, at)
        this.#at = end
        return value
      }
      if (code < 0x20) throw new JsonFault("Invalid control character at", at)
    }
    throw new JsonFault("Unterminated string starting at", start - 1)
  }

  #number(): Value {
    const start = this.#at
    const negative = this.#text.charCodeAt(start) === minus
    if (negative) this.#at++
    const first = this.#text.charCodeAt(this.#at)
    if (!(first >= 0x30 && first <= 0x39)) {
      this.#at = start
      return this.#word()
    }
    if (first === 0x30) this.#at++
    else this.#digits()
    const whole = this.#at
    this.#fraction()
    this.#exponent()
    const literal = this.#text.slice(start, this.#at)
    if (this.#at > whole) return float(Number(literal))
    if (literal.length <= 15) return Number(literal) + 0
    const digits = literal.length - (negative ? 1 : 0)
    if (digits <= mostDigits) return int(BigInt(literal))
    if (this.#cut) return int(BigInt(literal.slice(0, mostDigits)))
    throw new JsonFault(`Integer of ${digits} digits, at most ${mostDigits} are read`, start)
  }

  #fraction(): void {
    if (this.#text.charCodeAt(this.#at) !== 0x2e || !isDigit(this.#text.charCodeAt(this.#at + 1))) return
    this.#at++
    this.#digits()
  }

  #exponent(): void {
    if ((this.#text.charCodeAt(this.#at) | 0x20) !== 0x65) return
    const sign = this.#text.charCodeAt(this.#at + 1)
    const first = sign === 0x2b || sign === minus ? this.#at + 2 : this.#at + 1
    if (!isDigit(this.#text.charCodeAt(first))) return
    this.#at = first
    this.#digits()
  }

  #digits(): void {
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++
  }

  #word(): Value {
    for (const [word, value] of words)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length
        return value
      }
    throw new JsonFault("Expecting value", this.#at)
  }

  /** Skips white space and answers the code of what follows (NaN at the end). */
  #space(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code
      this.#at++
    }
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
