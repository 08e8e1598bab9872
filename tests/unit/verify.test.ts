/** A verification holds the live store to what it has folded, and to no more. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { verify } from "../../projections/verify.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { stamped } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"

const created = (runId: string) => stamped({ type: "RunCreated", data: { runId, clientStart: null } }, 1)

/** Runs whose events stand in different partitions. */
const runs = ["a", "b", "c", "d", "e", "f", "g", "h"]

it("is not disturbed by partitions of which the live store has folded nothing yet, or not all", () => {
  const folder = freshFolder()
  return Effect.gen(function* () {
    const log = yield* EventLog
    yield* log.append([created(runs[0]!)])
    yield* catchUp()
    yield* log.append(runs.map(created))
    const scratch = yield* Layer.build(lmdbStore({ folder: join(folder, "scratch") }))
    const empty = yield* Effect.provideContext(Effect.flatMap(KeyValueStore, Effect.succeed), scratch)
    expect(yield* verify(empty)).toMatchObject({ difference: undefined })
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.merge(embeddedLog({ folder }), lmdbStore({ folder: join(folder, "store") }))),
    Effect.runPromise,
  )
})
