import type { Row } from "./row.ts"

/** Most characters that are logged of each part of an example. */
const mostCharacters = 10_000

/** A row as people read it, and programs too: JSON, in which long parts are cut. */
export const textOf = ({ example, output, scores, seconds, errors }: Row<unknown, unknown>): string => {
  const { input, expected }: { readonly input: unknown; readonly expected?: unknown } =
    typeof example === "object" && example !== null && "input" in example ? example : { input: example }
  const shown = { input: cut(input), output: cut(output), expected: cut(expected), scores, seconds }
  return JSON.stringify(errors.length === 0 ? shown : { ...shown, errors }, named, 2)
}

const cut = (value: unknown): unknown => {
  if (value === undefined) return undefined
  const isText = typeof value === "string"
  const json = isText ? undefined : jsonOf(value)
  // What has no JSON (a function, a cycle) is shown in its own words.
  const text = isText ? value : (json ?? String(value))
  if (text.length <= mostCharacters) return json === undefined ? text : value
  return `${text.slice(0, mostCharacters)}… (${text.length - mostCharacters} characters more)`
}

const jsonOf = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value, named)
  } catch {
    return undefined
  }
}

/** Numbers and integers that JSON lacks, by their names. */
const named = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value)) ? String(value) : value
