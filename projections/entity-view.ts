/** What belongs to the project, as it is read: experiments, tags, notes, dashboards, apps, reports. */
import { decodeValue } from "../domain/msgpack.ts"
import { isMap, numberOf, type Value, type ValueMap } from "../domain/value.ts"
import { countOf, counts, type Kind, runsOf, table } from "./entities.ts"
import type { Rows } from "./rows.ts"
import { isTombstoned } from "./run-presence.ts"
import { fieldsUnder } from "./run-view.ts"

/** The tables of `system` whose rows are fields of something with an id. */
export type Table = "experiments" | "tags" | "notes" | "dashboards" | "dashboard_apps" | "reports"

/** What has runs. Their number is no field of these tables; the reads below add it as one, `run_count`. */
const counted: Partial<Readonly<Record<Table, Kind>>> = { experiments: "experiment", tags: "tag" }

/** One row of a table; times in Unix seconds. */
export interface EntityView {
  readonly id: string
  readonly fields: ValueMap
}

export const entityById = async (rows: Rows, of: Table, id: string): Promise<EntityView | undefined> => {
  const fields = await fieldsUnder(rows, [of, id])
  if (fields.size === 0) return undefined
  const kind = counted[of]
  return { id, fields: kind === undefined ? fields : new Map([...fields, ["run_count", await countOf(rows, kind, id)]]) }
}

/** All of a table, by id. */
export const entities = async (rows: Rows, of: Table): Promise<readonly EntityView[]> => {
  const found: { readonly id: string; readonly fields: Map<string, Value> }[] = []
  for (const { rest, bytes } of await rows.under("system", [of])) {
    const id = String(rest[0])
    if (found.at(-1)?.id !== id) found.push({ id, fields: new Map() })
    found.at(-1)?.fields.set(String(rest[1]), decodeValue(bytes))
  }
  const kind = counted[of]
  if (kind !== undefined) {
    const known = await counts(rows, kind)
    for (const { id, fields } of found) fields.set("run_count", known.get(id) ?? 0)
  }
  return found
}

/** The text of a field; empty where there is none. */
export const textOf = ({ fields }: EntityView, field: string): string => nullableTextOf({ fields }, field) ?? ""

export const nullableTextOf = ({ fields }: Pick<EntityView, "fields">, field: string): string | null => {
  const value = fields.get(field)
  return typeof value === "string" ? value : null
}

/** The number of a field; null where there is none. */
export const numberIn = ({ fields }: EntityView, field: string): number | null => numberOf(fields.get(field)) ?? null

export const mapIn = ({ fields }: EntityView, field: string): ValueMap => {
  const value = fields.get(field)
  return isMap(value) ? value : new Map()
}

export const isArchived = ({ fields }: EntityView): boolean => fields.get("is_archived") === true

/** The ids of an experiment's or a tag's runs, by id; of an experiment only those after `after`, and so many at most. */
export const runIdsOf = async (
  rows: Rows,
  kind: Kind,
  id: string,
  page: { readonly after?: string | undefined; readonly limit?: number | undefined } = {},
): Promise<readonly string[]> => {
  const { after, limit } = page
  const from = after === undefined ? [] : [`${after}\0`]
  const found = await rows.between("system", [runsOf(kind), id], from, null, limit === undefined ? {} : { limit })
  return found.map(({ rest }) => String(rest[0]))
}

/** Whether an experiment or a tag has a run. */
export const hasRun = (rows: Rows, kind: Kind, id: string, run: string): Promise<boolean> =>
  rows.has("system", [runsOf(kind), id, run])

/** The notes on a run or an experiment, by id; those on a deleted run are not shown. */
export const notesOf = async (rows: Rows, owner: string): Promise<readonly EntityView[]> => {
  if (await isTombstoned(rows, owner)) return []
  const ids = (await rows.under("own", ["notes_of", owner])).map(({ rest }) => String(rest[0]))
  const notes = await Promise.all(ids.map((id) => entityById(rows, "notes", id)))
  return notes.filter((note) => note !== undefined)
}

/** The note where it is on that owner, and shown. */
export const noteOn = async (rows: Rows, owner: string, id: string): Promise<EntityView | undefined> => {
  if (await isTombstoned(rows, owner)) return undefined
  return (await rows.has("own", ["notes_of", owner, id])) ? entityById(rows, "notes", id) : undefined
}

/** The experiments or tags whose names contain a text, in whatever case; by id. */
export const entitiesNamed = async (rows: Rows, kind: Kind, text: string): Promise<readonly EntityView[]> => {
  const wanted = text.toLowerCase()
  return (await entities(rows, table(kind) as Table)).filter((one) => textOf(one, "name").toLowerCase().includes(wanted))
}
