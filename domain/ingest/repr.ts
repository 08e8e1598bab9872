/** Values as Python shows them, for error texts that clients of the reference know. */
import { floatText } from "../json-text.ts"
import { Float, type Value } from "../value.ts"

/** Python's `repr`, shortened as pydantic does: 25 characters, `...`, 24 characters. */
export const shortRepr = (value: Value): string => {
  const text = repr(value)
  return text.length > 50 ? `${text.slice(0, 25)}...${text.slice(-24)}` : text
}

/** The name of the Python type that JSON of this kind is read as. */
export const pythonType = (value: Value): string => {
  if (value === null) return "NoneType"
  if (typeof value === "boolean") return "bool"
  if (typeof value === "string") return "str"
  if (typeof value === "number" || typeof value === "bigint") return Number.isInteger(Number(value)) ? "int" : "float"
  if (value instanceof Float) return "float"
  return value instanceof Map ? "dict" : "list"
}

const repr = (value: Value): string => {
  if (value === null) return "None"
  if (typeof value === "boolean") return value ? "True" : "False"
  if (typeof value === "string") return stringRepr(value)
  if (typeof value === "bigint") return value.toString()
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : floatText(value)
  if (value instanceof Float) return floatText(value.value)
  if (value instanceof Map)
    return `{${ends([...value])
      .map(([key, item]) => `${stringRepr(key)}: ${repr(item)}`)
      .join(", ")}}`
  return `[${ends(value as readonly Value[])
    .map(repr)
    .join(", ")}]`
}

/** What can be seen of a long list. */
const ends = <A>(items: readonly A[]): readonly A[] => (items.length > 40 ? [...items.slice(0, 20), ...items.slice(-20)] : items)

/** Only the ends are ever shown, so the middle of a long string is left out before it costs anything. */
const stringRepr = (value: string): string => {
  const text = value.length > 200 ? value.slice(0, 100) + value.slice(-100) : value
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll(/[\\'\p{Cc}]/gu, (unit) => {
    if (unit === "\\") return "\\\\"
    if (unit === "'") return quote === "'" ? "\\'" : unit
    return names[unit] ?? `\\x${unit.charCodeAt(0).toString(16).padStart(2, "0")}`
  })
  return quote + escaped + quote
}

const names: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }
