/** What is known of each sequence of a run: its kind, its last step, and for metrics the aggregates over its values. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { float, numberOf, type Value } from "../domain/value.ts"
import type { FoldContext, RunState } from "./context.ts"
import { Unfoldable } from "./projector.ts"
import type { WritableRows } from "./rows.ts"
import { addEntry, indexText } from "./run-index.ts"
import { traceSummaryBytes } from "./trace-summary.ts"

/** The kinds of sequences; a sequence keeps the kind of its first event. */
export type SequenceKind = "metric" | "object" | "lines" | "records"

/** The labels that say "not a metric" in a trace's `dtype`; gateways give no metric one of these. */
export const objectTypes = ["image", "audio", "text", "distribution", "figure", "custom"] as const
export const linesType = "logs"
export const recordsType = "log_records"

export const kindOf = (dtype: string): SequenceKind => {
  if (dtype === linesType) return "lines"
  if (dtype === recordsType) return "records"
  return objectTypes.some((type) => type === dtype) ? "object" : "metric"
}

/** Names a sequence within its run. */
export interface SequenceId {
  readonly contextId: number
  readonly name: string
}

export class Trace {
  readonly fields: Map<string, Value>
  readonly #context: FoldContext
  readonly #run: string
  readonly id: SequenceId
  /** The context of the sequence as it is stored. */
  readonly #contextBytes: Uint8Array
  #changed = false

  constructor(context: FoldContext, run: string, id: SequenceId, fields: Map<string, Value>, contextBytes: Uint8Array) {
    this.#context = context
    this.#run = run
    this.id = id
    this.fields = fields
    this.#contextBytes = contextBytes
  }

  get lastStep(): number | undefined {
    return numberOf(this.fields.get("last_step"))
  }

  set(field: string, value: Value): void {
    this.fields.set(field, value)
    this.#changed = true
    this.#context.rows.set("runs", [this.#run, "traces", this.id.contextId, this.id.name, field], value)
  }

  /** Writes the trace's summary where it no longer says what the fields do. */
  flush(): void {
    if (!this.#changed) return
    const bytes = traceSummaryBytes(this.fields, this.#contextBytes)
    this.#context.rows.setBytes("own", ["trace", this.#run, this.id.contextId, this.id.name], bytes)
    this.#changed = false
  }

  /** Counts in a step of a sequence that has no values to aggregate. */
  reach(step: number): void {
    const last = this.lastStep
    if (last === undefined || step > last) this.set("last_step", step)
  }
}

/**
 * The first of so many steps that a client left open: they go on from the last one.
 * Throws {@link Unfoldable} where they would be no safe integers, for a block of such could not be read again.
 */
export const nextStep = (last: number | undefined, count = 1): number => {
  const next = (last ?? -1) + 1
  if (next <= Number.MAX_SAFE_INTEGER - (count - 1)) return next
  throw new Unfoldable(`no step is left behind ${last}`)
}

/**
 * The trace of a sequence, made with its context and its index entry where it is new.
 * Throws {@link Unfoldable}, before any write, when the sequence is of another kind.
 */
export const openTrace = async (
  context: FoldContext,
  run: RunState,
  id: SequenceId,
  contextBytes: Uint8Array,
  dtype: string,
): Promise<Trace> => {
  const key = `${id.contextId}/${id.name}`
  const cached = run.traces.get(key)
  const trace = cached ?? (await loadTrace(context, run.id, id, contextBytes))
  const known = trace.fields.get("dtype")
  if (typeof known === "string" && kindOf(known) !== kindOf(dtype))
    throw new Unfoldable(`the sequence "${id.name}" holds ${kindOf(known)} values, so it cannot take ${kindOf(dtype)} values`)
  if (cached) return cached
  run.traces.set(key, trace)
  if (known === undefined) makeTrace(context, run.id, trace, dtype)
  return trace
}

/** Forgets the trace of a sequence, but for its index entry. */
export const removeTrace = (rows: WritableRows, run: string, { contextId, name }: SequenceId): void => {
  rows.clearUnder("runs", [run, "traces", contextId, name])
  rows.clear("own", ["trace", run, contextId, name])
}

/** The trace of a sequence that is stored. */
export const storedTrace = (context: FoldContext, run: RunState, id: SequenceId): Promise<Trace> =>
  loadTrace(context, run.id, id, encodeValue(new Map()))

/** The trace as it is stored, or without fields; the first event of a context says how it is stored. */
const loadTrace = async (context: FoldContext, run: string, id: SequenceId, spoken: Uint8Array): Promise<Trace> => {
  const { rows } = context
  const stored = await rows.under("runs", [run, "traces", id.contextId, id.name])
  const fields = new Map(stored.map(({ rest, bytes }) => [String(rest[0]), decodeValue(bytes)]))
  const contextBytes = await rows.bytes("runs", [run, "contexts", id.contextId])
  if (contextBytes === undefined) rows.setBytes("runs", [run, "contexts", id.contextId], spoken)
  return new Trace(context, run, id, fields, contextBytes ?? spoken)
}

const makeTrace = (context: FoldContext, run: string, trace: Trace, dtype: string): void => {
  trace.set("dtype", dtype)
  if (kindOf(dtype) !== "metric") trace.set("last", float(0))
  addEntry(context.rows, run, ["trace", indexText(trace.id.name)])
}
