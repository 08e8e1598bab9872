/** What the folds of one batch share: the rows, and what they know of the runs and sequences they have touched. */
import { decodeValue } from "../domain/msgpack.ts"
import { float, numberOf, type Value } from "../domain/value.ts"
import type { WritableRows } from "./rows.ts"
import { addEntry } from "./run-index.ts"
import { clearSummary, writeSummary } from "./run-summaries.ts"
import type { Trace } from "./traces.ts"

/** What must be written before others may read it, such as the block that a sequence's points are gathered in. */
export interface Pending {
  readonly flush: () => Promise<void>
}

/** A run as this batch knows it. */
export interface RunState {
  readonly id: string
  /** Whether the run is deleted. */
  tombstoned: boolean
  /** Its fields; empty while the run does not exist. */
  readonly meta: Map<string, Value>
  readonly traces: Map<string, Trace>
  readonly sequences: Map<string, Pending>
  /** When a gateway last took an event of it, as the mark says (Unix seconds); undefined until it is asked for. */
  heard: number | undefined
  /** Whether the run's summary no longer says what its rows do. */
  isStale: boolean
}

/** Fields that no summary holds; the first moves with each event. */
const unsummarised: ReadonlySet<string> = new Set(["updated_at", "client_start_ts"])

/** A run is noted to be alive at most this often. */
export const hearingSeconds = 600

export class FoldContext {
  readonly rows: WritableRows
  /** Most runs that one transaction touches for the sake of another aggregate (jobs.ts). */
  readonly sliceSize: number
  readonly #runs = new Map<string, RunState>()

  constructor(rows: WritableRows, sliceSize: number) {
    this.rows = rows
    this.sliceSize = sliceSize
  }

  async run(id: string): Promise<RunState> {
    const cached = this.#runs.get(id)
    if (cached) return cached
    const [tombstone, meta] = await Promise.all([
      this.rows.has("indexes", ["_deleted", id]),
      this.rows.under("runs", [id, "meta"]),
    ])
    if (meta.length === 0) await lookForAll(this.rows, id)
    const state: RunState = {
      id,
      tombstoned: tombstone,
      meta: new Map(meta.map(({ rest, bytes }) => [String(rest[0]), decodeValue(bytes)])),
      traces: new Map(),
      sequences: new Map(),
      heard: undefined,
      isStale: false,
    }
    this.#runs.set(id, state)
    return state
  }

  /** The run, made with its default fields where it does not exist yet; `at` in Unix seconds. */
  async existingRun(id: string, at: number): Promise<RunState> {
    const run = await this.run(id)
    if (run.meta.size > 0) return run
    const created = float(at)
    const fields: Readonly<Record<string, Value>> = {
      name: `Run: ${id}`,
      description: "",
      created_at: created,
      updated_at: created,
      finalized_at: null,
      is_archived: false,
      active: true,
      experiment_id: null,
      client_start_ts: null,
      duration: null,
    }
    for (const [field, value] of Object.entries(fields)) this.setField(run, field, value)
    addEntry(this.rows, id, ["archived", false])
    addEntry(this.rows, id, ["active", true])
    addEntry(this.rows, id, ["created_at", created])
    return run
  }

  /**
   * Notes by the gateway's clock that the run is alive. A mark and no projection, for an event that is sent again later must
   * change nothing; and written so seldom that it costs nothing.
   */
  async hear(run: RunState, serverTime: number): Promise<void> {
    run.heard ??= numberOf((await this.rows.get("marks", ["heard", run.id])) ?? null) ?? Number.NEGATIVE_INFINITY
    if (serverTime < run.heard + hearingSeconds) return
    run.heard = serverTime
    this.rows.set("marks", ["heard", run.id], float(serverTime))
  }

  setField(run: RunState, field: string, value: Value): void {
    run.meta.set(field, value)
    run.isStale ||= !unsummarised.has(field)
    this.rows.set("runs", [run.id, "meta", field, "__leaf__"], value)
  }

  clearField(run: RunState, field: string): void {
    run.meta.delete(field)
    run.isStale = true
    this.rows.clear("runs", [run.id, "meta", field, "__leaf__"])
  }

  /** Writes what is gathered for a run, so that the rows tell all of it. */
  async settle(run: RunState): Promise<void> {
    for (const sequence of run.sequences.values()) await sequence.flush()
    for (const trace of run.traces.values()) trace.flush()
    if (run.isStale && !run.tombstoned) await writeSummary(this.rows, run.id, run.meta)
    run.isStale = false
  }

  /** Takes a run that is about to be deleted out of what searches walk through. */
  hide(run: RunState): void {
    clearSummary(this.rows, run.id, run.meta)
    run.tombstoned = true
  }

  /** Forgets a run whose rows were cleared; what was gathered for it is dropped. */
  forget(id: string): void {
    this.#runs.delete(id)
  }

  /** Writes all that is gathered; the last step of a batch. */
  async settleAll(): Promise<void> {
    for (const run of this.#runs.values()) await this.settle(run)
  }
}

/**
 * Looks once for all that there may be of a run that has no fields. A store that has found nothing there need not look again
 * for each thing that a new run is asked for.
 */
const lookForAll = async (rows: WritableRows, id: string): Promise<void> => {
  await Promise.all([
    rows.under("runs", [id], { limit: 1 }),
    rows.under("own", ["entries", id], { limit: 1 }),
    rows.under("indexes", ["_rev", id], { limit: 1 }),
    rows.under("system", ["run_tags", id], { limit: 1 }),
  ])
}
