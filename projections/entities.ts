/**
 * Experiments and tags: what bears a name and has runs. They come to be by a control event or by the first run that
 * claims their name, in either order, so every write here commutes between the two topics (decision 2). Of two control
 * events that give one name the first is obeyed, as in domain/names.ts; what is judged by that, control events alone tell.
 */
import { float, numberOf, type Value } from "../domain/value.ts"
import type { FoldContext } from "./context.ts"
import { queueJob } from "./jobs.ts"
import type { Tuple } from "./keys.ts"
import { lossOf, markLost, type Stated } from "./lost-races.ts"
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

/** The id that a name leads to: the one it was given to, else the smallest of those that runs claim it for. */
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

/** What a control event changes beside the name; nothing of a command whose naming came too late. */
export const control = async (
  context: FoldContext,
  kind: Kind,
  id: string,
  meta: Stated,
  fields: Readonly<Record<string, Value>>,
): Promise<void> => {
  const { rows } = context
  if (await isDeleted(rows, kind, id)) return markLost(rows, meta, "gone")
  if ((await lossOf(rows, meta)) !== undefined) return
  await ensureRow(rows, kind, id)
  for (const [field, value] of Object.entries(fields)) rows.set("system", [table(kind), id, field], value)
  rows.set("system", [table(kind), id, "updated_at"], float(meta.at))
  rows.set("own", ["entity", kind, id, "controlled"], true)
}

/** The entity was made by a control event; its time counts as a claim's does. */
export const created = async (
  context: FoldContext,
  kind: Kind,
  id: string,
  meta: Stated,
  { name, ...fields }: Readonly<Record<string, Value>> & { readonly name: string },
): Promise<void> => {
  const { rows } = context
  const given = await rows.get("own", ["entity", kind, id, "name"])
  if (given !== name && (given !== undefined || (await isDeleted(rows, kind, id)))) return markLost(rows, meta, "stale")
  if ((await bearerOf(rows, kind, name)) !== undefined) return markLost(rows, meta, "taken")
  await control(context, kind, id, meta, fields)
  await giveName(context, kind, id, name)
  await bornBy(rows, kind, id, meta.at)
}

/** A name moves the runs' index entries with it. */
export const renamed = async (context: FoldContext, kind: Kind, id: string, meta: Stated, name: string): Promise<void> => {
  const { rows } = context
  if (await isDeleted(rows, kind, id)) return markLost(rows, meta, "gone")
  const bearer = await bearerOf(rows, kind, name)
  if (bearer !== undefined && bearer !== id) return markLost(rows, meta, "taken")
  await control(context, kind, id, meta, {})
  await giveName(context, kind, id, name)
}

/** Deletes an entity for ever. What runs say of it stays in their own rows and reads as nothing. */
export const remove = async (context: FoldContext, kind: Kind, id: string, { at }: Stated): Promise<void> => {
  const { rows } = context
  if (await isDeleted(rows, kind, id)) return
  await takeName(rows, kind, id)
  const name = await nameOf(rows, kind, id)
  if (name !== undefined) await releaseName(rows, kind, id, name)
  rows.clearUnder("system", [table(kind), id])
  rows.clearUnder("own", ["entity", kind, id])
  rows.clear("own", countKey(kind, id))
  rows.set("own", ["entity", kind, id, "deleted"], float(at))
  await queueJob(context, kind, id)
}

/**
 * Counts a run in or out; nothing for an entity that has no rows. No fold reads the count, which nearly every batch changes:
 * else whoever folds beside others would wait for them.
 */
export const count = async (rows: WritableRows, kind: Kind, id: string, change: 1 | -1): Promise<void> => {
  if (await hasRow(rows, kind, id)) rows.add("own", countKey(kind, id), change)
}

/** How many runs an experiment or a tag has; 0 where there is none. */
export const countOf = (rows: Rows, kind: Kind, id: string): Promise<number> => rows.sum("own", countKey(kind, id))

/** As {@link countOf}, of all of a kind, by id. */
export const counts = async (rows: Rows, kind: Kind): Promise<ReadonlyMap<string, number>> =>
  new Map((await rows.sumsUnder("own", ["count", kind])).map(({ rest, sum }) => [String(rest[0]), sum]))

const countKey = (kind: Kind, id: string): Tuple => ["count", kind, id]

/** The entity is at least as old as this; whether that is new. */
const bornBy = async (rows: WritableRows, kind: Kind, id: string, at: number): Promise<boolean> => {
  const known = numberOf(await rows.get("system", [table(kind), id, "created_at"]))
  if (known !== undefined && known <= at) return false
  rows.set("system", [table(kind), id, "created_at"], float(at))
  return true
}

/** Told by a field that every entity has as long as it has rows. */
const hasRow = (rows: Rows, kind: Kind, id: string): Promise<boolean> => rows.has("system", [table(kind), id, "is_archived"])

const ensureRow = async (rows: WritableRows, kind: Kind, id: string): Promise<void> => {
  if (await hasRow(rows, kind, id)) return
  const fields: Readonly<Record<string, Value>> = {
    description: "",
    is_archived: false,
    ...(kind === "tag" ? { color: "" } : {}),
  }
  for (const [field, value] of Object.entries(fields)) rows.set("system", [table(kind), id, field], value)
  // Adding nothing makes the row.
  rows.add("own", countKey(kind, id), 0)
}

/** Gives a name that no other was given. Names that runs claim do not count: they come in another order to each store. */
const giveName = async (context: FoldContext, kind: Kind, id: string, name: string): Promise<void> => {
  const { rows } = context
  const shown = await nameOf(rows, kind, id)
  await takeName(rows, kind, id)
  rows.set("own", ["entity", kind, id, "name"], name)
  rows.set("own", ["borne", kind, name], id)
  await setName(rows, kind, id, name)
  if (shown !== name) await queueJob(context, kind, id)
}

/** Takes away the name that a control event gave. */
const takeName = async (rows: WritableRows, kind: Kind, id: string): Promise<void> => {
  const given = await rows.get("own", ["entity", kind, id, "name"])
  if (typeof given === "string") rows.clear("own", ["borne", kind, given])
}

const bearerOf = async (rows: Rows, kind: Kind, name: string): Promise<string | undefined> => {
  const id = await rows.get("own", ["borne", kind, name])
  return typeof id === "string" ? id : undefined
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
  const id = (await bearerOf(rows, kind, name)) ?? smallest?.rest[0]
  const key = [`${table(kind)}_by_name`, name]
  if (id === undefined) rows.clear("system", key)
  else rows.set("system", key, String(id))
}
