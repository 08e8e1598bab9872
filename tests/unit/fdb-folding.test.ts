/** What is too much for one transaction is folded in smaller ones: on FoundationDB's stand-in, where long ones are too old. */
import { Effect, type Layer } from "effect"
import { expect, it } from "vitest"
import type { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyFact } from "../../events/index.ts"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { makeFolder } from "../../projections/folder.ts"
import { deadLetters } from "../../projections/dead-letters.ts"
import { createGeneration } from "../../projections/subspaces.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { noFaults } from "../support/fdb/faults.ts"
import { standInCluster } from "../support/fdb/stand-in.ts"
import { freshFolder } from "../support/folders.ts"
import { stamped } from "../support/folding.ts"
import { append, created, dumped, refolded } from "../support/jobs.ts"

const runs = Array.from({ length: 60 }, (_, i) => `run-${i}`)
const experiment = "11111111-0000-4000-8000-000000000001"
const joined = (runId: string): AnyFact => ({
  type: "RunExperimentSet",
  data: { runId, experimentId: experiment, name: "baseline" },
})
const renamed = (name: string): AnyFact => ({ type: "ExperimentRenamed", data: { id: experiment, name, from: "baseline" } })

/**
 * A cluster in which a try that reads more than so often is too old. `divisibleMs` is 0, so that none has to last 4 seconds; what
 * is not cut is given up as soon as it has been tried for a while.
 */
const impatient = (mostReads: number) => {
  const { cluster, clusterFile } = standInCluster()
  return {
    store: fdbStore({ clusterFile, limits: { divisibleMs: 0, transactionTimeoutMs: 500 } }),
    begin: Effect.sync(() => {
      cluster.faults = { ...noFaults, ofTry: () => ({ at: "read", after: mostReads, code: 1007 }) }
    }),
    end: Effect.sync(() => {
      cluster.faults = noFaults
    }),
  }
}

/** The first generation, whose many directories take more reads than a fold. */
const made = Effect.flatMap(KeyValueStore, (store) => store.write(async (tx) => createGeneration(tx)))

const letters = Effect.flatMap(makeView, (view) => view.read((rows) => deadLetters(rows)))

const running = <A, E>(store: Layer.Layer<KeyValueStore, unknown>, test: Effect.Effect<A, E, EventLog | KeyValueStore>) =>
  Effect.runPromise(test.pipe(Effect.provide(store), Effect.provide(embeddedLog({ folder: freshFolder() }))))

it("Law 3: a batch that takes too long is cut, and folds to what it folds to whole", async () => {
  const { store, begin, end } = impatient(120)
  await running(
    store,
    Effect.gen(function* () {
      yield* made
      yield* append([...runs.map(created), ...runs.map(joined)], 1)
      yield* begin
      yield* catchUp()
      yield* end
      expect(yield* letters).toEqual([])
      expect(yield* dumped).toBe(yield* refolded)
    }),
  )
})

it("Law 3: an event that touches too many runs for a transaction leaves them to a job, in slices that fit", async () => {
  const { store, begin, end } = impatient(120)
  await running(
    store,
    Effect.gen(function* () {
      yield* made
      yield* append([...runs.map(created), ...runs.map(joined)], 1)
      yield* catchUp()
      yield* append([renamed("better")], 2)
      yield* begin
      yield* catchUp()
      yield* end
      expect(yield* letters).toEqual([])
      const text = yield* dumped
      expect(text).toContain('"better"')
      expect(text).toBe(yield* refolded)
    }),
  )
})

it("an event that takes too long by itself is told, and not buried", async () => {
  const { store, begin, end } = impatient(5)
  await running(
    store,
    Effect.gen(function* () {
      yield* made
      const { fold } = yield* makeFolder({ sliceSize: 1_000, target: createGeneration })
      const record = { ...stamped(created("run"), 1), position: { topic: "data-ingestion", partition: 0, offset: 0 } } as const
      yield* begin
      const failed = yield* Effect.flip(fold({ topic: "data-ingestion", partition: 0, records: [record], next: 1 }))
      yield* end
      expect(failed).toMatchObject({ _tag: "StoreUnavailable" })
      expect(yield* letters).toEqual([])
    }),
  )
})
