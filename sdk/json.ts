/** JSON as the server reads it: with numbers that JSON has no words for. */

// A text may not contain a lone surrogate on the wire, so nothing that a user can store is mistaken for these marks.
const mark = "\udbff"
const marked = /"\\udbff(NaN|-?Infinity|-?\d+)"/g

const replaced = (_key: string, value: unknown): unknown => {
  if (typeof value === "number") return Number.isFinite(value) ? value : mark + value
  if (typeof value === "bigint") return mark + value
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set || (ArrayBuffer.isView(value) && !(value instanceof DataView)))
    return Array.from(value as Iterable<unknown>)
  return value
}

/**
 * A value as JSON text, with `NaN`, `Infinity` and integers of any size as literals; maps become objects, sets and typed arrays lists.
 * What has no meaning (undefined, functions) is left out as JSON does. Throws on cycles.
 */
export const toJson = (value: unknown): string => {
  const text = JSON.stringify(value, replaced)
  return text.includes("\\udbff") ? text.replace(marked, "$1") : text
}
