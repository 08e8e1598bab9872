/** A verification of a store whose views do not last: FoundationDB's, on a cluster in memory. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { WritableRows } from "../../projections/rows.ts"
import { createGeneration } from "../../projections/subspaces.ts"
import { verify } from "../../projections/verify.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { standInCluster } from "../support/fdb/stand-in.ts"
import { stamped } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"

const created = (i: number) => stamped({ type: "RunCreated", data: { runId: `run-${i}`, clientStart: null } }, 1)
const runs = Array.from({ length: 120 }, (_, i) => created(i))

/** A log that is folded into a cluster; `meddle` happens before each read of the verification, which is numbered from 1. */
const verified = (meddle: (read: number) => Effect.Effect<unknown, unknown, EventLog | KeyValueStore>) => {
  const folder = freshFolder()
  return Effect.gen(function* () {
    const log = yield* EventLog
    const live = yield* KeyValueStore
    yield* log.append(runs)
    yield* catchUp()
    const scratch = yield* Layer.build(lmdbStore({ folder: join(folder, "scratch") }))
    const empty = yield* Effect.provideContext(Effect.flatMap(KeyValueStore, Effect.succeed), scratch)
    let reads = 0
    const context = yield* Effect.context<EventLog | KeyValueStore>()
    const meddled: KeyValueStore["Service"] = {
      ...live,
      read: (body) =>
        Effect.suspend(() => meddle(++reads)).pipe(Effect.provideContext(context), Effect.orDie, Effect.andThen(live.read(body))),
    }
    return yield* verify(empty).pipe(Effect.provideService(KeyValueStore, meddled))
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(embeddedLog({ folder }), fdbStore({ clusterFile: standInCluster().clusterFile }))),
    Effect.runPromise,
  )
}

const folding = (i: number) =>
  Effect.andThen(
    EventLog.use((log) => log.append([created(1_000 + i)])),
    catchUp(),
  )

it("is equal and steady where nothing is folded meanwhile", async () => {
  const found = await verified(() => Effect.void)
  expect(found).toMatchObject({ difference: undefined, isSteady: true })
  expect(found.rows).toBeGreaterThan(1_000)
})

it("begins anew where something was folded in between, and is steady then", async () => {
  expect(await verified((read) => (read === 4 ? folding(read) : Effect.void))).toMatchObject({
    difference: undefined,
    isSteady: true,
  })
})

it("ends although folding never rests, and says so", async () => {
  expect(await verified(folding)).toMatchObject({ difference: undefined, isSteady: false })
})

it("finds a row that the log does not say, also in a later piece", async () => {
  const damage = KeyValueStore.use((store) =>
    store.write(async (tx) =>
      new WritableRows(tx, await createGeneration(tx)).set("runs", ["run-97", "meta", "name", "__leaf__"], "x"),
    ),
  )
  const { difference, rows } = await verified((read) => (read === 1 ? damage : Effect.void))
  expect([difference?.live, difference?.refolded].map((row) => row?.space)).toEqual(["runs", "runs"])
  expect(rows).toBeGreaterThan(500)
})

it("finds a row that only the live store has at the end of a space", async () => {
  const damage = KeyValueStore.use((store) =>
    store.write(async (tx) => new WritableRows(tx, await createGeneration(tx)).set("runs", ["zzz", "meta"], "x")),
  )
  const { difference } = await verified((read) => (read === 1 ? damage : Effect.void))
  expect([difference?.live?.space, difference?.refolded]).toEqual(["runs", undefined])
})
