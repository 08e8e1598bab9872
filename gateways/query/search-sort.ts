/** In which order a search shows its runs. */
import { parseJson } from "../../domain/json.ts"
import { isMap, type Value } from "../../domain/value.ts"
import type { LoadedRun } from "../../projections/search-facts.ts"
import { byBytes } from "../../projections/search-sets.ts"
import { badRequest } from "./errors.ts"

const fields = ["run", "experiment", "hash", "date", "duration", "description", "creator"] as const

export interface SortKey {
  readonly field: (typeof fields)[number]
  readonly descending: boolean
}

/** Newest first. */
const byDate: readonly SortKey[] = [{ field: "date", descending: true }]

/** Reads `[{"field": F, "order": "asc" | "desc"}, …]`; what is no such list, or empty, asks for the newest first. */
export const parseSort = (text: string): readonly SortKey[] => {
  if (text.trim() === "") return byDate
  const parsed = parseJson(text)
  if ("error" in parsed) throw badRequest(`Invalid sort JSON: ${parsed.error}`)
  if (!Array.isArray(parsed.value) || parsed.value.length === 0) return byDate
  if (parsed.value.length > fields.length) throw badRequest(`Invalid sort: at most ${fields.length} fields`)
  return parsed.value.map(sortKey)
}

const sortKey = (item: Value): SortKey => {
  if (!isMap(item)) throw badRequest("Invalid sort: each item is an object with a field and an order")
  const name = item.get("field") ?? null
  const field = fields.find((known) => known === name)
  if (field === undefined) throw badRequest(`Unknown sort field: ${shown(name)}`)
  const order = item.get("order") ?? "asc"
  if (order !== "asc" && order !== "desc") throw badRequest(`Invalid sort order: ${shown(order)}`)
  return { field, descending: order === "desc" }
}

const shown = (value: Value): string => (typeof value === "string" ? `'${value.slice(0, 100)}'` : "not a string")

/** Whether the order is by date alone, which an index has. */
export const isByDate = ([only, ...others]: readonly SortKey[]): boolean => only?.field === "date" && others.length === 0

/** What a run is sorted by, in the order of the keys; `now` in Unix seconds ends what still runs. */
export const sortValues = (keys: readonly SortKey[], run: LoadedRun, now: number): readonly (string | number)[] =>
  keys.map(({ field }) => sortValue(field, run, now))

const sortValue = (field: SortKey["field"], { fields, experiment }: LoadedRun, now: number): string | number => {
  switch (field) {
    case "run":
      return fields.name
    case "experiment":
      return experiment?.name ?? ""
    case "hash":
      return fields.id
    case "date":
      return fields.createdAt
    case "duration":
      return (fields.finalizedAt ?? now) - fields.createdAt
    case "description":
      return fields.description
    case "creator":
      return ""
  }
}

/** Orders two lists of values of the same keys. */
export const compareValues = (
  keys: readonly SortKey[],
  a: readonly (string | number)[],
  b: readonly (string | number)[],
): number => {
  for (const [i, { descending }] of keys.entries()) {
    const [left, right] = [a[i] ?? 0, b[i] ?? 0]
    const order = typeof left === "number" && typeof right === "number" ? left - right : byBytes(String(left), String(right))
    if (order !== 0) return descending ? -order : order
  }
  return 0
}
