/** A run as the documented layout stores it, for backups: all of it, but its samples page by page. */
import { decodeValue } from "../domain/msgpack.ts"
import { isMap, numberOf, type Value, type ValueMap } from "../domain/value.ts"
import { readMetric } from "./metric-read.ts"
import type { Rows } from "./rows.ts"
import { experimentOf, runById, tagsOfRun } from "./run-view.ts"
import { kindOf, type SequenceId } from "./traces.ts"
import { unflatten } from "./tree.ts"

export interface StoredTrace extends SequenceId {
  readonly dtype: string
  readonly last: Value
  readonly lastStep: number
}

export interface StoredRun {
  readonly meta: ValueMap
  /** Its attributes, with what it says of its artifacts under `__blobs__`. */
  readonly attributes: Value
  readonly contexts: ReadonlyMap<number, Value>
  readonly traces: readonly StoredTrace[]
  readonly experimentName: string | null
  readonly tags: readonly string[]
}

/** A run that is there and not deleted. */
export const storedRun = async (rows: Rows, id: string): Promise<StoredRun | undefined> => {
  const run = await runById(rows, id)
  if (run === undefined) return undefined
  const meta = (await rows.under("runs", [id, "meta"])).map(({ rest, bytes }) => [String(rest[0]), decodeValue(bytes)] as const)
  const contexts = await rows.under("runs", [id, "contexts"])
  return {
    meta: new Map(meta),
    attributes: unflatten(await rows.under("runs", [id, "attrs"])) ?? new Map(),
    contexts: new Map(contexts.map(({ rest, bytes }) => [Number(rest[0]), decodeValue(bytes)])),
    traces: await storedTraces(rows, id),
    experimentName: (await experimentOf(rows, run))?.name ?? null,
    tags: (await tagsOfRun(rows, id)).map(({ name }) => name),
  }
}

const storedTraces = async (rows: Rows, id: string): Promise<readonly StoredTrace[]> => {
  const found = new Map<string, { readonly id: SequenceId; readonly fields: Map<string, Value> }>()
  for (const { rest, bytes } of await rows.under("runs", [id, "traces"])) {
    const [contextId, name, field] = [Number(rest[0]), String(rest[1]), String(rest[2])]
    const key = `${contextId}/${name}`
    const trace = found.get(key) ?? { id: { contextId, name }, fields: new Map<string, Value>() }
    trace.fields.set(field, decodeValue(bytes))
    found.set(key, trace)
  }
  return [...found.values()].map(({ id: sequence, fields }) => ({
    ...sequence,
    dtype: String(fields.get("dtype") ?? "float"),
    last: fields.get("last") ?? null,
    lastStep: numberOf(fields.get("last_step")) ?? -1,
  }))
}

/** One sample of any sequence; `time` in Unix seconds. */
export interface Sample {
  readonly step: number
  readonly value: Value
  readonly epoch: number | null
  readonly time: number | null
}

/** The next samples of a sequence from a step on, up to `to` (exclusive); none where there are no more. */
export const samplesFrom = (rows: Rows, run: string, trace: StoredTrace, from: number, to: number): Promise<readonly Sample[]> =>
  kindOf(trace.dtype) === "metric" ? pointsFrom(rows, run, trace, from, to) : objectsFrom(rows, run, trace, from, to)

const blocksAtOnce = 32

const pointsFrom = async (rows: Rows, run: string, id: SequenceId, from: number, to: number): Promise<readonly Sample[]> => {
  const { steps, values, epochs, times } = await readMetric(rows, run, id, { from, to, mostBlocks: blocksAtOnce })
  return Array.from(steps, (step, i) => ({
    step,
    value: values[i]!,
    epoch: Number.isNaN(epochs[i]!) ? null : epochs[i]!,
    time: times[i]!,
  }))
}

const objectsAtOnce = 500
const bytesAtOnce = 8 * 2 ** 20

const objectsFrom = async (
  rows: Rows,
  run: string,
  { contextId, name }: SequenceId,
  from: number,
  to: number,
): Promise<readonly Sample[]> => {
  const key = [run, "seqs", contextId, name] as const
  const found: Sample[] = []
  let bytes = 0
  for (const { rest } of await rows.between("runs", [...key, "step"], [from], [to], { limit: objectsAtOnce })) {
    const step = Number(rest[0])
    const value = await rows.bytes("runs", [...key, "val", step])
    if (value === undefined) continue
    const [epoch, time] = [await rows.get("runs", [...key, "epoch", step]), await rows.get("runs", [...key, "time", step])]
    found.push({ step, value: decodeValue(value), epoch: numberOf(epoch) ?? null, time: numberOf(time) ?? null })
    bytes += value.length
    if (bytes >= bytesAtOnce) break
  }
  return found
}

/** The last number that a writer had folded in a stream; undefined where it was never heard. */
export const lastOfWriter = async (
  rows: Rows,
  stream: string,
  writer: string,
): Promise<readonly [number, number] | undefined> => {
  const stored = await rows.get("marks", ["writer", stream, writer])
  return Array.isArray(stored) ? [numberOf(stored[0]) ?? -1, numberOf(stored[1]) ?? -1] : undefined
}

/** What `__blobs__` says of a run's artifacts: path → `{s3_key, content_type}`. */
export const artifactReferences = (attributes: Value): ValueMap => {
  const found = isMap(attributes) ? attributes.get("__blobs__") : undefined
  return isMap(found) ? found : new Map()
}
