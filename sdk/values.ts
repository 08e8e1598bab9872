/** What of a logged value is a number. */

/** What may be logged under a name: a number (NaN and the infinities are values), a boolean (as 1 or 0), or more of them by name. */
export type Loggable = number | bigint | boolean | { readonly [name: string]: Loggable | null | undefined }

/** Values by name. Names within names are joined by `/`: `{ train: { loss: 1 } }` logs `train/loss`. */
export type LoggedValues = Readonly<Record<string, Loggable | null | undefined>>

/** Names within names at most. */
const deepest = 8

/** Calls back with each number in a value; `refuse` with each name whose value is none. Null and undefined are nobody's mistake. */
export const eachNumber = (
  name: string,
  value: unknown,
  depth: number,
  take: (name: string, value: number) => void,
  refuse: (name: string, what: string) => void,
): void => {
  if (value === null || value === undefined) return
  if (typeof value === "number" || typeof value === "boolean") take(name, Number(value))
  else if (typeof value === "bigint") {
    if (Number.isSafeInteger(Number(value))) take(name, Number(value))
    else refuse(name, "an integer that no number holds exactly")
  } else if (typeof value !== "object") refuse(name, `a ${typeof value}`)
  else if (Array.isArray(value) || ArrayBuffer.isView(value)) refuse(name, "a list; log a distribution, or numbers by name")
  else if (depth === deepest) refuse(name, "too deep")
  else for (const [key, inner] of Object.entries(value)) eachNumber(`${name}/${key}`, inner, depth + 1, take, refuse)
}

/** An exact integer, NaN where none was given, or undefined where it is none. */
export const integerOf = (value: number | bigint | null | undefined): number | undefined => {
  if (value === undefined || value === null) return NaN
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}
