import { exponentText, fixed, significant } from "./decimal.ts"
import { floatRepr, intText, str } from "./repr.ts"
import { lengthOf } from "./text.ts"
import { asInt, asDouble, isFloat, type Meter, type PyValue, raise } from "./values.ts"

/** Python's format specification: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`. */
export interface FormatSpec {
  readonly fill: string
  readonly align: string
  readonly sign: string
  readonly alternate: boolean
  readonly width: number
  readonly grouping: string
  readonly precision: number | null
  readonly type: string
}

const pattern = /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d{1,9})?([,_])?(?:\.(\d{1,9}))?(.)?$/su

/** `format(value, spec)`; raises ValueError for a spec that the type does not take. */
export const formatValue = (value: PyValue, spec: string, meter: Meter): string => {
  if (spec === "") return str(value, meter)
  const match = pattern.exec(spec)
  if (match === null) return raise("ValueError")
  const [, fill, align, sign, z, alternate, zero, width, grouping, precision, type] = match
  const parsed: FormatSpec = {
    fill: fill ?? (zero === undefined ? " " : "0"),
    align: align ?? (zero === undefined ? "" : "="),
    sign: sign ?? "",
    alternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping: grouping ?? "",
    precision: precision === undefined ? null : Number(precision),
    type: type ?? "",
  }
  meter.chargeText(parsed.width + (parsed.precision ?? 0))
  const isReal = isFloat(value) || (asInt(value) !== undefined && parsed.type !== "" && "eEfFgG%".includes(parsed.type))
  if (z !== undefined && !isReal) return raise("ValueError")
  if (parsed.grouping !== "" && (parsed.type === "n" || parsed.type === "c")) return raise("ValueError")
  if (typeof value === "string")
    return formatString(value, align === undefined && zero !== undefined ? { ...parsed, align: "" } : parsed)
  const whole = asInt(value)
  if (typeof value === "boolean" && parsed.type === "") return formatInt(value ? 1 : 0, parsed)
  if (whole !== undefined && !"eEfFgG%".includes(parsed.type || "d")) return formatInt(whole, parsed)
  const double = asDouble(value)
  return double === undefined ? raise("TypeError") : formatFloat(double, parsed, z !== undefined)
}

const pad = (text: string, spec: FormatSpec, standard: string): string => {
  const missing = spec.width - lengthOf(text)
  if (missing <= 0) return text
  const align = spec.align || standard
  const left = align === ">" || align === "=" ? missing : align === "^" ? Math.floor(missing / 2) : 0
  return spec.fill.repeat(left) + text + spec.fill.repeat(missing - left)
}

const formatString = (text: string, spec: FormatSpec): string => {
  if (spec.align === "=" || spec.sign !== "" || spec.alternate || spec.grouping !== "" || !"s".startsWith(spec.type))
    return raise("ValueError")
  return pad(spec.precision === null ? text : Array.from(text).slice(0, spec.precision).join(""), spec, "<")
}

const signOf = (isNegative: boolean, spec: FormatSpec): string => (isNegative ? "-" : spec.sign === "-" ? "" : spec.sign)

/** Sign and prefix, then digits with separators, filled up to the width; zeros filled in are grouped too. */
const assemble = (head: string, digits: string, tail: string, spec: FormatSpec, size: number): string => {
  // inf and nan have no groups.
  const separator = /^[0-9a-fA-F]+$/.test(digits) ? spec.grouping : ""
  if (spec.fill !== "0" || spec.align !== "=") {
    const body = grouped(digits, separator, size) + tail
    const missing = spec.width - lengthOf(head + body)
    return spec.align === "=" && missing > 0 ? head + spec.fill.repeat(missing) + body : pad(head + body, spec, ">")
  }
  const filled = digits.padStart(digitsToFill(spec.width - head.length - tail.length, separator, size), "0")
  return head + grouped(filled, separator, size) + tail
}

/** How many digits it takes to fill a width, where every group of digits but the first brings a separator. */
const digitsToFill = (width: number, separator: string, size: number): number => {
  if (separator === "") return width
  let count = Math.max(1, Math.floor((width * size) / (size + 1)))
  while (count + Math.floor((count - 1) / size) < width) count++
  return count
}

const grouped = (digits: string, separator: string, size: number): string => {
  if (separator === "") return digits
  const first = digits.length % size || size
  const groups = [digits.slice(0, first)]
  for (let at = first; at < digits.length; at += size) groups.push(digits.slice(at, at + size))
  return groups.join(separator)
}

const formatInt = (value: number | bigint, spec: FormatSpec): string => {
  if (spec.precision !== null) return raise("ValueError")
  const magnitude = value < 0 ? -BigInt(value) : BigInt(value)
  const radix = { b: 2, o: 8, x: 16, X: 16 }[spec.type]
  if (spec.type === "c") {
    if (spec.sign !== "" || spec.alternate || value < 0 || value > 0x10ffff) return raise("ValueError")
    return pad(String.fromCodePoint(Number(value)), spec, ">")
  }
  if (radix === undefined && spec.type !== "" && spec.type !== "d" && spec.type !== "n") return raise("ValueError")
  if (spec.grouping === "," && radix !== undefined) return raise("ValueError")
  const text = radix === undefined ? intText(magnitude) : magnitude.toString(radix)
  const prefix = spec.alternate && radix !== undefined ? `0${spec.type}` : ""
  const digits = spec.type === "X" ? text.toUpperCase() : text
  return assemble(signOf(value < 0, spec) + prefix, digits, "", spec, radix === undefined ? 3 : 4)
}

const formatFloat = (value: number, spec: FormatSpec, noNegativeZero: boolean): string => {
  if (!"eEfFgG%n".includes(spec.type || "g")) return raise("ValueError")
  const text = floatDigits(Math.abs(value), spec)
  const isNegative = (value < 0 || Object.is(value, -0)) && !(noNegativeZero && /^[0.%]*(?:e.*)?$/.test(text))
  const [, digits = "", tail = ""] = /^(\d*|inf|nan)(.*)$/s.exec(text) ?? []
  const upper = spec.type === "E" || spec.type === "F" || spec.type === "G"
  const shown = upper ? [digits.toUpperCase(), tail.toUpperCase()] : [digits, tail]
  return assemble(signOf(isNegative, spec), shown[0] ?? "", shown[1] ?? "", spec, 3)
}

/** The digits of a double that is not negative, in lower case. */
export const floatDigits = (value: number, spec: Pick<FormatSpec, "type" | "precision" | "alternate">): string => {
  const type = spec.type.toLowerCase()
  const percent = type === "%" ? "%" : ""
  if (!Number.isFinite(value)) return floatRepr(value) + percent
  const point = spec.alternate ? "." : ""
  if (type === "f" || type === "%") {
    const places = spec.precision ?? 6
    const text = fixed(type === "%" ? value * 100 : value, places)
    return text + (places === 0 ? point : "") + percent
  }
  if (type === "e") return scientific(value, spec.precision ?? 6, point)
  if (type === "" && spec.precision === null) return floatRepr(value).replace(/^(\d)(?=e)/, `$1${point}`)
  return general(value, spec.precision === 0 ? 1 : (spec.precision ?? 6), spec, type === "")
}

const scientific = (value: number, places: number, point: string): string => {
  const [digits, exponent] = significant(value, places + 1)
  return `${digits.slice(0, 1)}${places > 0 ? `.${digits.slice(1)}` : point}${exponentText(exponent)}`
}

/** `g`, and the nameless type with a precision, which keeps one place after the point. */
const general = (value: number, count: number, spec: Pick<FormatSpec, "alternate">, isNameless: boolean): string => {
  const [digits, exponent] = significant(value, count)
  const kept = spec.alternate ? digits : digits.replace(/0+$/, "") || "0"
  if (exponent < -4 || exponent >= count - (isNameless ? 1 : 0)) {
    const fraction = kept.slice(1)
    return `${kept.slice(0, 1)}${fraction === "" ? (spec.alternate ? "." : "") : `.${fraction}`}${exponentText(exponent)}`
  }
  const whole = exponent < 0 ? "0" : kept.slice(0, exponent + 1).padEnd(exponent + 1, "0")
  const fraction = exponent < 0 ? "0".repeat(-exponent - 1) + kept : kept.slice(exponent + 1)
  if (fraction === "") return whole + (isNameless ? ".0" : spec.alternate ? "." : "")
  return value === 0 && !spec.alternate ? (isNameless ? "0.0" : "0") : `${whole}.${fraction}`
}
