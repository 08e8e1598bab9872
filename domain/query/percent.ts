import { dictOf } from "./equality.ts"
import { floatDigits } from "./format.ts"
import { truncate } from "./numbers.ts"
import { asciiRepr, intText, repr, str } from "./repr.ts"
import { lengthOf } from "./text.ts"
import { asDouble, asIndex, asInt, isFloat, type Meter, type PyValue, raise, Tuple } from "./values.ts"

const directive = /%(?:\(([^()]*)\))?([-+ #0]*)(\*|\d{1,9})?(?:\.(\*|\d{0,9}))?[hlL]?(.)?/gsu

/** `text % values`, printf style. */
export const formatPercent = (text: string, values: PyValue, meter: Meter): string => {
  const given = new Values(values)
  const shown = text.replaceAll(directive, (_whole, name, flags: string, width, precision, type) => {
    if (type === undefined) return raise("ValueError")
    if (type === "%") return "%"
    const isMapped = typeof name === "string"
    const wide = readSize(width, given)
    const places = precision === undefined ? null : readSize(precision, given)
    meter.chargeText(Math.abs(wide) + Math.abs(places ?? 0))
    const value = isMapped ? given.named(name) : given.next()
    return directed(
      value,
      { flags: wide < 0 ? `${flags}-` : flags, width: Math.abs(wide), precision: places, type: String(type) },
      meter,
    )
  })
  given.finish()
  meter.chargeText(shown.length)
  return shown
}

class Values {
  readonly given: PyValue
  at = 0
  usedNames = false
  constructor(given: PyValue) {
    this.given = given
  }
  next(): PyValue {
    const items = this.given instanceof Tuple ? this.given.items : [this.given]
    const value = items[this.at++]
    return value === undefined || this.usedNames ? raise("TypeError") : value
  }
  named(name: string): PyValue {
    this.usedNames = true
    const dict = dictOf(this.given)
    if (dict === undefined) return raise("TypeError")
    return dict.entries.get(name)?.[1] ?? (dict.entries.has(name) ? null : raise("KeyError"))
  }
  /** Values left over are an error, but a dict or list need not be used. */
  finish(): void {
    if (this.given instanceof Tuple) {
      if (this.at < this.given.items.length) raise("TypeError")
    } else if (this.at === 0 && !this.usedNames && dictOf(this.given) === undefined && !Array.isArray(this.given))
      raise("TypeError")
  }
}

const readSize = (text: unknown, given: Values): number => {
  if (text === "*") {
    const value = given.next()
    return isFloat(value) ? raise("TypeError") : asIndex(value)
  }
  return Number(text ?? 0)
}

interface Directive {
  readonly flags: string
  readonly width: number
  readonly precision: number | null
  readonly type: string
}

const directed = (value: PyValue, { flags, width, precision, type }: Directive, meter: Meter): string => {
  const [sign, body] = shown(value, type, precision, flags.includes("#"), meter)
  const isNumber = "diuoxXeEfFgG".includes(type)
  const mark = sign === "-" ? "-" : !isNumber ? "" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : ""
  const missing = width - lengthOf(mark + body)
  if (missing <= 0) return mark + body
  if (flags.includes("-")) return mark + body + " ".repeat(missing)
  if (!flags.includes("0") || !isNumber) return " ".repeat(missing) + mark + body
  const prefix = /^0[xXo]/.test(body) && flags.includes("#") ? body.slice(0, 2) : ""
  return mark + prefix + "0".repeat(missing) + body.slice(prefix.length)
}

const shown = (
  value: PyValue,
  type: string,
  precision: number | null,
  alternate: boolean,
  meter: Meter,
): readonly [string, string] => {
  const cut = (text: string): readonly [string, string] => [
    "",
    precision === null ? text : Array.from(text).slice(0, precision).join(""),
  ]
  if (type === "s") return cut(str(value, meter))
  if (type === "r") return cut(repr(value, meter))
  if (type === "a") return cut(asciiRepr(value, meter))
  if (type === "c") return ["", character(value)]
  if ("diuoxX".includes(type)) return wholeDigits(value, type, precision ?? 0, alternate)
  if (!"eEfFgG".includes(type)) return raise("ValueError")
  const double = asDouble(value) ?? raise("TypeError")
  const text = floatDigits(Math.abs(double), { type, precision, alternate })
  return [double < 0 || Object.is(double, -0) ? "-" : "", type < "a" ? text.toUpperCase() : text]
}

const character = (value: PyValue): string => {
  if (typeof value === "string") return lengthOf(value) === 1 ? value : raise("TypeError")
  const point = asInt(value) ?? raise("TypeError")
  return point >= 0 && point <= 0x10ffff ? String.fromCodePoint(Number(point)) : raise("OverflowError")
}

const wholeDigits = (value: PyValue, type: string, precision: number, alternate: boolean): readonly [string, string] => {
  const radix = { o: 8, x: 16, X: 16 }[type]
  const double = isFloat(value) && radix === undefined ? asDouble(value) : undefined
  const whole = double === undefined ? asInt(value) : asInt(truncate(double))
  if (whole === undefined) return raise("TypeError")
  const magnitude = whole < 0 ? -BigInt(whole) : BigInt(whole)
  const text = (radix === undefined ? intText(magnitude) : magnitude.toString(radix)).padStart(precision, "0")
  const prefix = alternate && radix !== undefined ? `0${type}` : ""
  return [whole < 0 ? "-" : "", prefix + (type === "X" ? text.toUpperCase() : text)]
}
