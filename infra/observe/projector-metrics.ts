/** What a projector tells Prometheus, under the reference's names where it has them. */
import { Effect } from "effect"
import { Counter, Gauge, Histogram, type Registry } from "prom-client"
import type { Batch, EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { makeLagMeter } from "../../gateways/lag.ts"
import { pendingLetters, type PendingLetters } from "../../projections/dead-letters.ts"
import type { FoldOutcome } from "../../projections/fold.ts"
import { type GenerationInfo, generations } from "../../projections/generation-list.ts"
import { makeView } from "../../projections/view.ts"

/** One fold in numbers, as a thread sends them to the one that is asked for metrics. */
export interface FoldCounts {
  readonly records: number
  /** By the type of the event. */
  readonly types: Readonly<Record<string, number>>
  readonly unfolded: number
  readonly outOfStep: boolean
  readonly seconds: number
}

export const foldCounts = ({ records }: Batch, outcome: FoldOutcome, seconds: number): FoldCounts => {
  const types: Record<string, number> = {}
  for (const { type } of records) types[type] = (types[type] ?? 0) + 1
  const outOfStep = outcome._tag === "OutOfStep"
  return { records: records.length, types, unfolded: outOfStep ? 0 : outcome.unfolded.length, outOfStep, seconds }
}

/** What is asked at each scrape. */
export interface ProjectionState {
  /** Null while the store does not tell. */
  readonly pending: () => Promise<PendingLetters | null>
  /** Null while that is not known. */
  readonly lag: () => Promise<ReadonlyMap<string, number> | null>
  /** Events that the serving generation holds, and one beside it, by their state; null while the store does not tell. */
  readonly folded: () => Promise<ReadonlyMap<string, number> | null>
}

/** The state as the log and the store tell it. */
export const projectionState: Effect.Effect<ProjectionState, never, EventLog | KeyValueStore> = Effect.gen(function* () {
  const view = yield* makeView
  const meter = yield* makeLagMeter
  const pending = view
    .read((rows) => pendingLetters(rows))
    .pipe(
      Effect.timeout("2 seconds"),
      Effect.catchCause(() => Effect.succeed(null)),
    )
  const store = yield* KeyValueStore
  const folded = store.read(generations).pipe(
    Effect.map(foldedByState),
    Effect.timeout("2 seconds"),
    Effect.catchCause(() => Effect.succeed(null)),
  )
  return {
    pending: () => Effect.runPromise(pending),
    lag: async () => (await meter.read())?.partitions ?? null,
    folded: () => Effect.runPromise(folded),
  }
})

const foldedByState = (all: readonly GenerationInfo[]): ReadonlyMap<string, number> =>
  new Map(
    all.flatMap(({ state, folded }) =>
      folded !== null && (state === "serving" || state === "beside" || state === "returning")
        ? [[state, [...folded.values()].reduce((sum, offset) => sum + offset, 0)]]
        : [],
    ),
  )

/** Counts folds. */
export const projectorMetrics = (registry: Registry, state: ProjectionState): ((counts: FoldCounts) => void) => {
  const registers = [registry]
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `matyan_ingestion_${name}`, help, labelNames, registers })
  const consumed = counter("messages_consumed_total", "Events read from the log.")
  const processed = counter("messages_processed_total", "Events folded, or found folded.", "message_type")
  const errors = counter(
    "processing_errors_total",
    "Events that became dead letters, and batches that another had folded.",
    "error_type",
  )
  const size = new Histogram({
    name: "matyan_ingestion_batch_size",
    help: "Events of a batch.",
    buckets: [1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000],
    registers,
  })
  const duration = new Histogram({
    name: "matyan_ingestion_batch_processing_seconds",
    help: "How long the fold of a batch took, its commit included.",
    registers,
  })
  gauges(registers, state)
  return ({ records, types, unfolded, outOfStep, seconds }) => {
    consumed.inc(records)
    if (outOfStep) return errors.inc({ error_type: "out_of_step" })
    for (const [message_type, count] of Object.entries(types)) processed.inc({ message_type }, count)
    if (unfolded > 0) errors.inc({ error_type: "dead_letter" }, unfolded)
    size.observe(records)
    duration.observe(seconds)
  }
}

const gauges = (registers: Registry[], { pending, lag, folded }: ProjectionState): readonly Gauge[] => {
  const oldest = new Gauge({ name: "matyan_dead_letters_oldest_seconds", help: "Age of the oldest dead letter.", registers })
  const letters = new Gauge({
    name: "matyan_dead_letters_pending",
    help: "Events that no projection holds and no operator has dealt with. Alarm above 0.",
    registers,
    async collect() {
      const found = await pending()
      // What was known last stands: an alarm must not end because the store is away.
      if (found === null) return
      this.set(found.count)
      oldest.set(found.oldest === null ? 0 : Math.max(0, Date.now() / 1_000 - found.oldest))
    },
  })
  const behind = new Gauge({
    name: "matyan_projection_lag_events",
    help: "Events of a partition that are not folded yet.",
    labelNames: ["partition"],
    registers,
    async collect() {
      for (const [partition, events] of (await lag()) ?? []) this.set({ partition }, events)
    },
  })
  const held = new Gauge({
    name: "matyan_generation_folded_events",
    help: "Events that the serving projections hold, and those that are being rebuilt beside them.",
    labelNames: ["state"],
    registers,
    async collect() {
      const found = await folded()
      if (found === null) return
      // There is no rebuild any more where none is told.
      this.reset()
      for (const [state, events] of found) this.set({ state }, events)
    },
  })
  return [oldest, letters, behind, held]
}
