/** Reads of FoundationDB that outlast their view while a rebuild takes the place of what they read. */
import { Effect, Exit, Layer, type Scope } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { foldAsOf } from "../../projections/as-of.ts"
import { lastText } from "../../projections/as-of-cut.ts"
import { giveUpAsOf } from "../../projections/as-of-generations.ts"
import { endsByName } from "../../projections/fold-meter.ts"
import { giveUpFormer, removeReplaced } from "../../projections/former.ts"
import { generations } from "../../projections/generation-list.ts"
import { rebuild } from "../../projections/rebuild.ts"
import { rollback } from "../../projections/rollback.ts"
import { servingGeneration } from "../../projections/subspaces.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { standInCluster } from "../support/fdb/stand-in.ts"
import { freshFolder } from "../support/folders.ts"
import { stamped } from "../support/folding.ts"
import { append, foldedClean, named, projected, projectedAsOf } from "../support/projected.ts"

/** More than one chunk. */
const count = 600

/** How many runs a long read finds, while after its first chunk the view grows old and something happens. */
const runsRead = (meanwhile: (grow: () => void) => Effect.Effect<void, unknown, Layer.Success<ReturnType<typeof engines>>>) => {
  const { cluster, clusterFile } = standInCluster()
  return Effect.gen(function* () {
    const log = yield* EventLog
    yield* log.append(
      Array.from({ length: count }, (_, i) => stamped({ type: "RunRenamed", data: { runId: `r${i}`, name: "x" } }, 1)),
    )
    yield* catchUp()
    const view = yield* makeView
    const context = yield* Effect.context<Layer.Success<ReturnType<typeof engines>>>()
    let isFirst = true
    return yield* view.read(async (rows) => {
      let runs = 0
      for await (const chunk of rows.eachUnder("indexes", ["created_at"])) {
        runs += chunk.length
        if (isFirst) {
          isFirst = false
          await Effect.runPromiseWith(context)(meanwhile(() => cluster.advance(6_000)))
        }
      }
      return runs
    })
  }).pipe(Effect.provide(engines(clusterFile)), Effect.runPromiseExit)
}

const engines = (clusterFile: string) => Layer.merge(embeddedLog({ folder: freshFolder() }), fdbStore({ clusterFile }))

/** A log of several partitions on the stand-in, with what a test needs of the engines. */
const onCluster = <A>(test: Effect.Effect<A, unknown, Layer.Success<ReturnType<typeof engines>> | Scope.Scope>) =>
  Effect.runPromise(test.pipe(Effect.provide(engines(standInCluster().clusterFile)), Effect.scoped))

const serving = KeyValueStore.use((store) => store.read(servingGeneration))

it("Law 1: on FoundationDB too a rollback, and what is folded as of positions, equal a clean fold", () =>
  onCluster(
    Effect.gen(function* () {
      const runs = Array.from({ length: 40 }, (_, i) => named(`run-${i}`, `name ${i}`))
      yield* append(runs)
      yield* catchUp()
      const [asked, before] = [lastText(endsByName(yield* EventLog.use((log) => log.ends))), yield* projected]
      yield* rebuild({ keepMillis: 60_000 })
      yield* append([named("run-1", "later")])
      yield* catchUp()
      expect(yield* rollback(null, { keepMillis: 60_000 })).toBe(1)
      expect(yield* serving).toMatchObject({ id: 1, holder: null })
      expect(yield* projected).toBe(yield* foldedClean)
      const { id } = yield* foldAsOf(asked)
      expect(yield* projectedAsOf(id)).toBe(before)
      expect((yield* KeyValueStore.use((store) => store.read(generations))).map((one) => [one.id, one.state])).toEqual([
        [1, "serving"],
        [2, "former"],
        [3, "as-of"],
      ])
      yield* KeyValueStore.use((store) => store.write(async (tx) => void [await giveUpFormer(tx, 2), await giveUpAsOf(tx, id)]))
      yield* removeReplaced
      expect(yield* KeyValueStore.use((store) => store.read((tx) => tx.directories(["matyan"])))).toEqual(
        expect.arrayContaining(["control", "marks", "own"]),
      )
      expect((yield* KeyValueStore.use((store) => store.read(generations))).map((one) => one.id)).toEqual([1])
      expect(yield* projected).toBe(yield* foldedClean)
    }),
  ))

it("a long read goes on in a newer view", async () => {
  expect(await runsRead((grow) => Effect.sync(grow))).toEqual(Exit.succeed(count))
})

it("a long read begins anew where a rebuild removed the rest of what it reads, rather than to end early", async () => {
  expect(await runsRead((grow) => Effect.andThen(rebuild(), Effect.sync(grow)))).toEqual(Exit.succeed(count))
})

it("a long read as of positions fails where these are removed meanwhile, rather than to end early", () => {
  const { cluster, clusterFile } = standInCluster()
  const test = Effect.gen(function* () {
    yield* append(Array.from({ length: count }, (_, i) => named(`r${i}`, "x")))
    const { id } = yield* foldAsOf("control-events/0/-1")
    const view = yield* makeView
    const context = yield* Effect.context<KeyValueStore>()
    const removed = KeyValueStore.use((store) => store.write((tx) => giveUpAsOf(tx, id))).pipe(Effect.andThen(removeReplaced))
    let isFirst = true
    return yield* view.readAsOf(id, async (rows) => {
      for await (const _ of rows.eachUnder("indexes", ["created_at"])) {
        if (isFirst) await Effect.runPromiseWith(context)(removed)
        if (isFirst) cluster.advance(6_000)
        isFirst = false
      }
    })
  })
  return expect(Effect.runPromise(Effect.flip(test).pipe(Effect.provide(engines(clusterFile))))).resolves.toMatchObject({
    _tag: "StoreUnavailable",
  })
})
