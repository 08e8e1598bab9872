/** A run as it is read: its fields, attributes, traces, tags and experiment. */
import { decodeValue } from "../domain/msgpack.ts"
import { isMap, numberOf, type Value, type ValueMap } from "../domain/value.ts"
import { isDeleted } from "./entities.ts"
import type { Rows } from "./rows.ts"
import { blobs } from "./run-summaries.ts"
import { traceSummaryOf } from "./trace-summary.ts"
import { kindOf, type SequenceKind } from "./traces.ts"
import { unflatten } from "./tree.ts"

/** The fields of a run; times in Unix seconds. */
export interface RunFields {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly finalizedAt: number | null
  readonly duration: number | null
  readonly archived: boolean
  readonly active: boolean
  /** The experiment as the run itself has it; {@link experimentOf} tells whether it still stands. */
  readonly experimentId: string | null
}

/** The fields of a run that is there and not deleted. */
export const runById = async (rows: Rows, id: string): Promise<RunFields | undefined> => {
  const stored = await rows.under("runs", [id, "meta"])
  if (stored.length === 0) return undefined
  const meta = new Map(stored.map(({ rest, bytes }) => [String(rest[0]), decodeValue(bytes)]))
  return meta.has("pending_deletion") || !meta.has("created_at") ? undefined : fieldsOf(id, meta)
}

const fieldsOf = (id: string, meta: ValueMap): RunFields => {
  const number = (field: string) => numberOf(meta.get(field)) ?? null
  const text = (field: string) => {
    const value = meta.get(field)
    return typeof value === "string" ? value : null
  }
  return {
    id,
    name: text("name") ?? "",
    description: text("description") ?? "",
    createdAt: number("created_at") ?? 0,
    updatedAt: number("updated_at") ?? 0,
    finalizedAt: number("finalized_at"),
    duration: number("duration"),
    archived: meta.get("is_archived") === true,
    active: meta.get("active") === true,
    experimentId: text("experiment_id"),
  }
}

/** The run's attributes without its artifacts, maps in key order. */
export const attributesOf = async (rows: Rows, id: string): Promise<ValueMap> => {
  const value = unflatten((await rows.under("runs", [id, "attrs"])).filter(({ rest }) => rest[0] !== blobs))
  return isMap(value) ? value : new Map()
}

/** An object in the blob store that the run refers to. */
export interface Artifact {
  readonly path: string
  readonly key: string
  readonly contentType: string
}

/** The run's artifacts by path, also those of its images and audios (under `seq/`). */
export const artifactsOf = async (rows: Rows, id: string): Promise<readonly Artifact[]> => {
  const value = unflatten(await rows.under("runs", [id, "attrs", blobs]))
  if (!isMap(value)) return []
  return [...value].map(([path, reference]) => ({
    path,
    key: textIn(reference, "s3_key"),
    contentType: textIn(reference, "content_type"),
  }))
}

const textIn = (value: Value, field: string): string => {
  const found = isMap(value) ? value.get(field) : undefined
  return typeof found === "string" ? found : ""
}

/** A sequence of a run and what is known of it; the aggregates are null for what is no metric. */
export interface TraceView {
  readonly contextId: number
  readonly context: ValueMap
  readonly name: string
  readonly dtype: string
  readonly kind: SequenceKind
  readonly lastStep: number
  readonly last: number | null
  readonly first: number | null
  readonly min: number | null
  readonly max: number | null
}

/** All sequences of a run, by context id and name. */
export const tracesOf = async (rows: Rows, id: string): Promise<readonly TraceView[]> => {
  const contexts = new Map<number, ValueMap>()
  const found: TraceView[] = []
  for (const { rest, bytes } of await rows.under("own", ["trace", id])) {
    const [contextId, name] = rest as readonly [number, string]
    const { context, ...known } = traceSummaryOf(bytes)
    if (!contexts.has(contextId)) contexts.set(contextId, await contextOf(rows, id, contextId, context))
    const kind = kindOf(known.dtype)
    const aggregates = kind === "metric" ? {} : { last: null, first: null, min: null, max: null }
    found.push({ contextId, context: contexts.get(contextId) ?? new Map(), name, kind, ...known, ...aggregates })
  }
  return found
}

const contextOf = async (rows: Rows, run: string, contextId: number, told: Uint8Array | undefined): Promise<ValueMap> => {
  const bytes = told ?? (await rows.bytes("runs", [run, "contexts", contextId]))
  const context = bytes === undefined ? null : decodeValue(bytes)
  return isMap(context) ? context : new Map()
}

export interface TagView {
  readonly id: string
  readonly name: string
  readonly color: string
  readonly description: string
}

/** The tags that a run bears and that still stand, by id. */
export const tagsOfRun = async (rows: Rows, id: string): Promise<readonly TagView[]> => {
  const ids = (await rows.under("system", ["run_tags", id])).map(({ rest }) => String(rest[0]))
  return Promise.all(ids.map((tag) => tagById(rows, tag)))
}

/** A tag that is not deleted. */
export const tagById = async (rows: Rows, id: string): Promise<TagView> => {
  const fields = await fieldsUnder(rows, ["tags", id])
  return { id, name: textIn(fields, "name"), color: textIn(fields, "color"), description: textIn(fields, "description") }
}

export interface ExperimentName {
  readonly id: string
  readonly name: string
  readonly description: string
}

/** The experiment that a run belongs to, or null where it has none or the experiment was deleted. */
export const experimentOf = async (rows: Rows, run: Pick<RunFields, "experimentId">): Promise<ExperimentName | null> => {
  if (run.experimentId === null || (await isDeleted(rows, "experiment", run.experimentId))) return null
  const fields = await fieldsUnder(rows, ["experiments", run.experimentId])
  return { id: run.experimentId, name: textIn(fields, "name"), description: textIn(fields, "description") }
}

/** The fields of a row of `system`, such as `("experiments", id)`, as one map; empty where there is none. */
export const fieldsUnder = async (rows: Rows, tuple: readonly [table: string, id: string]): Promise<ValueMap> =>
  new Map((await rows.under("system", tuple)).map(({ rest, bytes }) => [String(rest[0]), decodeValue(bytes)]))
