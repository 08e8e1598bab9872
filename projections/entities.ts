/**
 * Experiments and tags: what bears a name and has runs. They come to be by a control event or by the first run that
 * claims their name, in either order, so every write here commutes between the two topics (decision 2).
 */
import { float, numberOf, type Value } from "../domain/value.ts"
import type { FoldContext } from "./context.ts"
import { queueJob } from "./jobs.ts"
import { empty, type Rows, type WritableRows } from "./rows.ts"

export type Kind = "experiment" | "tag"

/** The rows of a kind in `system`: `experiments`, `experiments_by_name`, `experiment_runs`. */
export const table = (kind: Kind): string => `${kind}s`
export const runsOf = (kind: Kind): string => `${kind}_runs`

/** Whether the entity was deleted: it has no rows, and never will again. */
export const isDeleted = (rows: Rows, kind: Kind, id: string): Promise<boolean> =>
  rows.has("own", ["entity", kind, id, "deleted"])

export const nameOf = async (rows: Rows, kind: Kind, id: string): Promise<string | undefined> => {
  const name = await rows.get("system", [table(kind), id, "name"])
  return typeof name === "string" ? name : undefined
}

/** The id that a name leads to: of those who bear it, the smallest. */
export const idByName = async (rows: Rows, kind: Kind, name: string): Promise<string | undefined> => {
  const id = await rows.get("system", [`${table(kind)}_by_name`, name])
  return typeof id === "string" ? id : undefined
}

/** A run speaks the name: the entity is there from now on. False where it was deleted. */
export const claim = async (rows: WritableRows, kind: Kind, id: string, name: string, at: number): Promise<boolean> => {
  if (await isDeleted(rows, kind, id)) return false
  if ((await nameOf(rows, kind, id)) === undefined) await setName(rows, kind, id, name)
  await ensureRow(rows, kind, id)
  const isOlder = await bornBy(rows, kind, id, at)
  if (isOlder && !(await rows.has("own", ["entity", kind, id, "controlled"])))
    rows.set("system", [table(kind), id, "updated_at"], float(at))
  return true
}

/** What a control event changes; a name moves the runs' index entries with it. */
export const control = async (
  context: FoldContext,
  kind: Kind,
  id: string,
  at: number,
  fields: Readonly<Record<string, Value>>,
): Promise<void> => {
  const { rows } = context
  if (await isDeleted(rows, kind, id)) return
  await ensureRow(rows, kind, id)
  for (const [field, value] of Object.entries(fields)) {
    if (field === "name") {
      if (typeof value !== "string" || value === (await nameOf(rows, kind, id))) continue
      await setName(rows, kind, id, value)
      await queueJob(context, kind, id)
    } else rows.set("system", [table(kind), id, field], value)
  }
  rows.set("system", [table(kind), id, "updated_at"], float(at))
  rows.set("own", ["entity", kind, id, "controlled"], true)
}

/** The entity was made by a control event; its time counts as a claim's does. */
export const created = async (
  context: FoldContext,
  kind: Kind,
  id: string,
  at: number,
  fields: Readonly<Record<string, Value>>,
): Promise<void> => {
  if (await isDeleted(context.rows, kind, id)) return
  await control(context, kind, id, at, fields)
  await bornBy(context.rows, kind, id, at)
}

/** Deletes an entity for ever. What runs say of it stays in their own rows and reads as nothing. */
export const remove = async (context: FoldContext, kind: Kind, id: string, at: number): Promise<void> => {
  const { rows } = context
  if (await isDeleted(rows, kind, id)) return
  const name = await nameOf(rows, kind, id)
  if (name !== undefined) await releaseName(rows, kind, id, name)
  rows.clearUnder("system", [table(kind), id])
  rows.clearUnder("own", ["entity", kind, id])
  rows.set("own", ["entity", kind, id, "deleted"], float(at))
  await queueJob(context, kind, id)
}

/** Counts a run in or out; nothing for an entity that has no rows. */
export const count = async (rows: WritableRows, kind: Kind, id: string, change: 1 | -1): Promise<void> => {
  const key = [table(kind), id, "run_count"]
  const known = numberOf(await rows.get("system", key))
  if (known !== undefined) rows.set("system", key, known + change)
}

/** The entity is at least as old as this; whether that is new. */
const bornBy = async (rows: WritableRows, kind: Kind, id: string, at: number): Promise<boolean> => {
  const known = numberOf(await rows.get("system", [table(kind), id, "created_at"]))
  if (known !== undefined && known <= at) return false
  rows.set("system", [table(kind), id, "created_at"], float(at))
  return true
}

const ensureRow = async (rows: WritableRows, kind: Kind, id: string): Promise<void> => {
  if (await rows.has("system", [table(kind), id, "run_count"])) return
  const fields: Readonly<Record<string, Value>> = {
    description: "",
    is_archived: false,
    run_count: 0,
    ...(kind === "tag" ? { color: "" } : {}),
  }
  for (const [field, value] of Object.entries(fields)) rows.set("system", [table(kind), id, field], value)
}

const setName = async (rows: WritableRows, kind: Kind, id: string, name: string): Promise<void> => {
  const former = await nameOf(rows, kind, id)
  if (former !== undefined) await releaseName(rows, kind, id, former)
  rows.set("system", [table(kind), id, "name"], name)
  rows.setBytes("own", ["named", kind, name, id], empty)
  await pointName(rows, kind, name)
}

const releaseName = async (rows: WritableRows, kind: Kind, id: string, name: string): Promise<void> => {
  rows.clear("own", ["named", kind, name, id])
  await pointName(rows, kind, name)
}

const pointName = async (rows: WritableRows, kind: Kind, name: string): Promise<void> => {
  const [smallest] = await rows.under("own", ["named", kind, name], { limit: 1 })
  const key = [`${table(kind)}_by_name`, name]
  if (smallest) rows.set("system", key, String(smallest.rest[0]))
  else rows.clear("system", key)
}
