/** How many runs an experiment or a tag has: a row that is only added to, and that no fold reads. */
import { Effect, type Layer, ManagedRuntime } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { KeyValueStore, type Transaction } from "../../../domain/ports/key-value-store.ts"
import type { AnyFact, Recorded } from "../../../events/index.ts"
import { lmdbStore } from "../../../infra/lmdb/key-value-store.ts"
import { counts } from "../../../projections/entities.ts"
import { entities, entityById, numberIn } from "../../../projections/entity-view.ts"
import { foldBatch } from "../../../projections/fold.ts"
import { Rows } from "../../../projections/rows.ts"
import { createGeneration } from "../../../projections/subspaces.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"
import { freshFolder } from "../../support/folders.ts"

const data = { topic: "data-ingestion", partition: 0 } as const
const control = { topic: "control-events", partition: 0 } as const

const joins = (runId: string): readonly AnyFact[] => [
  { type: "RunExperimentSet", data: { runId, experimentId: "e", name: "base" } },
  { type: "RunTagged", data: { runId, tagId: "t", name: "keep" } },
]

const recordsOf = (partition: number, facts: readonly AnyFact[], first = 0): readonly Recorded[] =>
  recorded(
    "data-ingestion",
    partition,
    facts.map((fact, i) => stamped(fact, 1 + i)),
    first,
  )

/** Another process, as far as the store can tell. */
const connect = (layer: Layer.Layer<KeyValueStore, unknown>) => {
  const runtime = ManagedRuntime.make(layer)
  onTestFinished(() => runtime.dispose())
  return <A>(body: (tx: Transaction) => Promise<A>): Promise<A> =>
    runtime.runPromise(Effect.flatMap(KeyValueStore, (store) => store.write(body)))
}

it("counts the runs of an experiment and a tag one by one, and shows the number in a dump", async () => {
  const store = await bed()
  onTestFinished(store.close)
  // Of these numbers one begins, as it is stored, like the header of a value in parts.
  for (let runs = 1; runs <= 200; runs++) {
    await store.fold(data, recordsOf(0, joins(`run-${runs}`), 2 * (runs - 1)))
    const read = await store.read(async (rows) => [
      numberIn((await entityById(rows, "experiments", "e"))!, "run_count"),
      ...(await entities(rows, "tags")).map((tag) => numberIn(tag, "run_count")),
    ])
    expect(read).toEqual([runs, runs])
  }
  expect(await store.text()).toContain('own\t["count","tag","t"]\t200')
})

it("leaves no count of what was deleted, though its runs go afterwards", async () => {
  const store = await bed()
  onTestFinished(store.close)
  const runs = ["one", "two", "three"]
  await store.fold(data, recordsOf(0, runs.flatMap(joins)))
  const deletions: readonly AnyFact[] = [
    { type: "TagDeleted", data: { id: "t", name: "keep" } },
    { type: "ExperimentDeleted", data: { id: "e", name: "base" } },
  ]
  const gone = deletions.map((fact) => stamped(fact, 10))
  await store.fold(control, recorded("control-events", 0, gone), 2)
  const leaving = runs.map((runId): AnyFact => ({ type: "RunUntagged", data: { runId, tagId: "t" } }))
  await store.fold(data, recordsOf(0, leaving, 6))
  await store.settle(2)
  expect(await store.read(async (rows) => [...(await counts(rows, "tag")), ...(await counts(rows, "experiment"))])).toEqual([])
})

it("lets batches of two partitions be folded at once whose runs have a tag and an experiment in common", async () => {
  const layer = lmdbStore({ folder: freshFolder() })
  const [write, writeBeside] = [connect(layer), connect(layer)]
  const fold = async (tx: Transaction, partition: number, runId: string, first: number): Promise<void> => {
    const facts = joins(runId)
    const batch = { ...data, partition, records: recordsOf(partition, facts, first), next: first + facts.length }
    await foldBatch(tx, await createGeneration(tx), batch)
  }
  // What comes first makes the entities, which all that follow read.
  for (const partition of [0, 1]) await write((tx) => fold(tx, partition, `first-${partition}`, 0))
  let bodies = 0
  await write(async (tx) => {
    bodies += 1
    await fold(tx, 0, "one", 2)
    if (bodies === 1) await writeBeside((beside) => fold(beside, 1, "other", 2))
  })
  const [tag] = await write(async (tx) => [...(await counts(new Rows(tx, await createGeneration(tx)), "tag"))])
  expect({ bodies, tag }).toEqual({ bodies: 1, tag: ["t", 4] })
})
