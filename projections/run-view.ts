/** A run as it is read: its fields, attributes, traces, tags and experiment. */
import { decodeValue } from "../domain/msgpack.ts"
import { isMap, numberOf, type Value, type ValueMap } from "../domain/value.ts"
import { blobs } from "./attributes.ts"
import { isDeleted } from "./entities.ts"
import type { Rows } from "./rows.ts"
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
  const [traces, contexts] = await Promise.all([rows.under("runs", [id, "traces"]), contextsOf(rows, id)])
  const found: TraceView[] = []
  for (let i = 0; i < traces.length;) {
    const [contextId, name] = traces[i]!.rest as readonly [number, string]
    const fields = new Map<string, Value>()
    for (; i < traces.length && traces[i]!.rest[0] === contextId && traces[i]!.rest[1] === name; i++)
      fields.set(String(traces[i]!.rest[2]), decodeValue(traces[i]!.bytes))
    found.push(traceView(contextId, contexts.get(contextId) ?? new Map(), name, fields))
  }
  return found
}

const traceView = (contextId: number, context: ValueMap, name: string, fields: ValueMap): TraceView => {
  const dtype = String(fields.get("dtype"))
  const kind = kindOf(dtype)
  const aggregate = (field: string) => (kind === "metric" ? (numberOf(fields.get(field)) ?? null) : null)
  return {
    contextId,
    context,
    name,
    dtype,
    kind,
    lastStep: numberOf(fields.get("last_step")) ?? 0,
    last: aggregate("last"),
    first: aggregate("first"),
    min: aggregate("min"),
    max: aggregate("max"),
  }
}

const contextsOf = async (rows: Rows, id: string): Promise<ReadonlyMap<number, ValueMap>> =>
  new Map(
    (await rows.under("runs", [id, "contexts"])).map(({ rest, bytes }) => {
      const context = decodeValue(bytes)
      return [Number(rest[0]), isMap(context) ? context : new Map()] as const
    }),
  )

export interface TagView {
  readonly id: string
  readonly name: string
  readonly color: string
  readonly description: string
}

/** The tags that a run bears and that still stand, by id. */
export const tagsOfRun = async (rows: Rows, id: string): Promise<readonly TagView[]> => {
  const ids = (await rows.under("system", ["run_tags", id])).map(({ rest }) => String(rest[0]))
  return Promise.all(
    ids.map(async (tag) => {
      const fields = await fieldsUnder(rows, ["tags", tag])
      return { id: tag, name: textIn(fields, "name"), color: textIn(fields, "color"), description: textIn(fields, "description") }
    }),
  )
}

export interface ExperimentName {
  readonly id: string
  readonly name: string
  readonly description: string
}

/** The experiment that a run belongs to, or null where it has none or the experiment was deleted. */
export const experimentOf = async (rows: Rows, run: RunFields): Promise<ExperimentName | null> => {
  if (run.experimentId === null || (await isDeleted(rows, "experiment", run.experimentId))) return null
  const fields = await fieldsUnder(rows, ["experiments", run.experimentId])
  return { id: run.experimentId, name: textIn(fields, "name"), description: textIn(fields, "description") }
}

/** The fields of a row of `system`, such as `("experiments", id)`, as one map; empty where there is none. */
export const fieldsUnder = async (rows: Rows, tuple: readonly [table: string, id: string]): Promise<ValueMap> =>
  new Map((await rows.under("system", tuple)).map(({ rest, bytes }) => [String(rest[0]), decodeValue(bytes)]))
