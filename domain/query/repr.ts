import { exponentText } from "./decimal.ts"
import { dictOf } from "./equality.ts"
import { Ordered, Wrapped } from "./objects.ts"
import { asInt, Dict, Float, isList, isStoredDict, type Meter, PySet, type PyValue, raise, Range, Tuple } from "./values.ts"

/** A float as Python prints it: the shortest digits that read back, exponents from 1e16 and below 1e-4. */
export const floatRepr = (value: number): string => {
  if (Number.isNaN(value)) return "nan"
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf"
  const [digits = "0", power = "0"] = Math.abs(value).toExponential().replace(".", "").split("e")
  const exponent = Number(power)
  const sign = value < 0 || Object.is(value, -0) ? "-" : ""
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ""
    return `${sign}${digits[0]}${fraction}${exponentText(exponent)}`
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0")
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`
}

/** An int's digits; raises beyond the number of digits at which Python refuses. */
export const intText = (value: number | bigint): string => {
  if (typeof value === "number") return String(value)
  // 4,300 digits are a little more than 14,284 bits, or 3,571 digits of base 16.
  if (value.toString(16).length > 3_580) return raise("ValueError")
  const text = value.toString()
  return text.replace("-", "").length > 4_300 ? raise("ValueError") : text
}

/** `str(value)`. */
export const str = (value: PyValue, meter: Meter): string =>
  typeof value === "string" ? value : value instanceof Ordered ? value.text() : repr(value, meter)

/** `repr(value)`; raises for what has none that would be the same on every run. */
export const repr = (value: PyValue, meter: Meter, depth = 0): string => {
  if (value === null) return "None"
  if (typeof value === "boolean") return value ? "True" : "False"
  if (typeof value === "string") {
    meter.chargeText(value.length)
    return stringRepr(value)
  }
  const whole = asInt(value)
  if (typeof whole === "bigint") meter.charge(whole.toString(16).length)
  if (whole !== undefined) return intText(whole)
  if (typeof value === "number") return floatRepr(value)
  if (value instanceof Float) return floatRepr(value.value)
  if (depth > 200) return raise("RecursionError")
  meter.charge(1)
  return containerRepr(value, (item) => repr(item, meter, depth + 1), meter)
}

const containerRepr = (value: PyValue, show: (item: PyValue) => string, meter: Meter): string => {
  const shown = (items: Iterable<PyValue>): string => {
    const texts: string[] = []
    let length = 0
    for (const item of items) {
      const text = show(item)
      length += text.length + 2
      meter.chargeText(length)
      texts.push(text)
    }
    return texts.join(", ")
  }
  if (isList(value)) return `[${shown(value)}]`
  if (value instanceof Tuple) return `(${shown(value.items)}${value.items.length === 1 ? "," : ""})`
  if (value instanceof Wrapped) return show(value.map)
  if (value instanceof Dict || isStoredDict(value)) {
    const entries = [...(dictOf(value)?.entries.values() ?? [])]
    return `{${entries.map(([key, item]) => `${show(key)}: ${show(item)}`).join(", ")}}`
  }
  if (value instanceof PySet) {
    const name = value.frozen ? "frozenset" : ""
    if (value.items.size === 0) return value.frozen ? "frozenset()" : "set()"
    return value.frozen ? `${name}({${shown(value.items.values())}})` : `{${shown(value.items.values())}}`
  }
  if (value instanceof Uint8Array) return bytesRepr(value)
  if (value instanceof Range) return `range(${value.start}, ${value.stop}${value.step === 1 ? "" : `, ${value.step}`})`
  return value instanceof Ordered ? value.representation() : raise("TypeError")
}

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" }

const hex = (point: number, size: number): string => point.toString(16).padStart(size, "0")

const escaped = (point: number): string =>
  point < 0x100 ? `\\x${hex(point, 2)}` : point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`

const quoted = (text: string, isPlain: (character: string) => boolean): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const body = Array.from(text, (character) => {
    if (character === quote) return `\\${character}`
    return named[character] ?? (isPlain(character) ? character : escaped(character.codePointAt(0) ?? 0))
  })
  return quote + body.join("") + quote
}

/** Whether Python takes a character for printable: no control, format, surrogate, private, unassigned or space but " ". */
export const isPrintable = (character: string): boolean => character === " " || !/[\p{C}\p{Z}]/u.test(character)

export const stringRepr = (text: string): string => (/^[\w .,:;/+*=-]*$/.test(text) ? `'${text}'` : quoted(text, isPrintable))

const bytesRepr = (bytes: Uint8Array): string =>
  `b${quoted(String.fromCharCode(...bytes.subarray(0, 65_536)), (character) => character >= " " && character <= "~")}`

/** `ascii(value)`. */
export const asciiRepr = (value: PyValue, meter: Meter): string =>
  Array.from(repr(value, meter), (character) => (character > "\x7f" ? escaped(character.codePointAt(0) ?? 0) : character)).join(
    "",
  )
