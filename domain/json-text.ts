/** Values as JSON text, with numbers as Python prints them. */
import { Float, type Value } from "./value.ts"

export interface JsonStyle {
  /** Keys in the order of their code points, and everything but ASCII escaped: Python's canonical form. Default false. */
  readonly canonical?: boolean
  /** What stands for NaN and the infinities: their bare names as Python writes and reads them, or null. Default bare. */
  readonly nonFinite?: "bare" | "null"
}

/** Compact JSON. Bytes become their hexadecimal digits. */
export const toJson = (value: Value, style: JsonStyle = {}): string => {
  if (value === null) return "null"
  if (typeof value === "boolean") return value ? "true" : "false"
  if (typeof value === "string") return stringToJson(value, style)
  if (typeof value === "bigint") return value.toString()
  if (typeof value === "number" || value instanceof Float) return numberToJson(value, style)
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("hex")}"`
  if (!(value instanceof Map)) return `[${(value as readonly Value[]).map((item) => toJson(item, style)).join(",")}]`
  const keys: string[] = [...value.keys()]
  if (style.canonical === true) keys.sort(byCodePoint)
  return `{${keys.map((key) => `${stringToJson(key, style)}:${toJson(value.get(key) ?? null, style)}`).join(",")}}`
}

/** A float64 as Python's `repr` writes it: `1.0`, `1e-05`, `1e+16`, `nan`, `inf`. */
export const floatText = (value: number): string => {
  if (Number.isNaN(value)) return "nan"
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf"
  if (Object.is(value, -0)) return "-0.0"
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2")
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** Compares strings by code points, as Python does; UTF-16 units sort the astral planes before U+E000. */
export const byCodePoint = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above all that one unit can hold. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)

const stringToJson = (value: string, style: JsonStyle): string => {
  const text = JSON.stringify(value)
  if (style.canonical !== true) return text
  return text.replaceAll(/[\u007f-\uffff]/g, (unit) =>
    unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}

const numberToJson = (value: number | Float, style: JsonStyle): string => {
  const number = typeof value === "number" ? value : value.value
  if (Number.isFinite(number)) return Number.isInteger(value) && !Object.is(value, -0) ? String(value) : floatText(number)
  if (style.nonFinite === "null") return "null"
  if (Number.isNaN(number)) return "NaN"
  return number > 0 ? "Infinity" : "-Infinity"
}
