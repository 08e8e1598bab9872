/** The command that prints a run's events looks where the projections say they are. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, Stream } from "effect"
import { expect, it } from "vitest"
import { EventLog, type Starts } from "../../domain/ports/event-log.ts"
import { settings } from "../../infra/config.ts"
import { recordsAbout } from "../../infra/commands/event-places.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"
import { append, named } from "../support/projected.ts"

it("reads a run's events at their places and, beyond what is folded, the log; all of the log where nothing is", async () => {
  const dataDir = freshFolder()
  const store = lmdbStore({ folder: join(dataDir, "store") })
  const asked: { readonly from: Starts; readonly at: number }[] = []
  const read = Effect.gen(function* () {
    const chosen = { ...(yield* settings), dataDir }
    const log = yield* EventLog
    let at = 0
    const noting: EventLog["Service"] = {
      ...log,
      recordsAt: (positions) => Effect.suspend(() => ((at += positions.length), log.recordsAt(positions))),
      source: (from) => Stream.suspend(() => (asked.push({ from, at }), log.source(from))),
    }
    const found = recordsAbout(chosen, { kind: "run", id: "run" }, false)
    const batches = yield* Stream.runCollect(found).pipe(Effect.provideService(EventLog, noting))
    return [...batches]
      .flat()
      .flatMap((record) => (record.type === "RunRenamed" && record.data.runId === "run" ? [record.data.name] : []))
  })
  const test = Effect.gen(function* () {
    yield* append([named("run", "a"), named("other", "b")])
    expect(yield* read).toEqual(["a"])
    mkdirSync(join(dataDir, "store"), { recursive: true })
    yield* Effect.provide(catchUp(), store)
    yield* append([named("run", "c"), named("other", "d")])
    expect(yield* read).toEqual(["a", "c"])
  })
  await Effect.runPromise(Effect.provide(test, Layer.fresh(embeddedLog({ folder: join(dataDir, "log") }))))
  expect(asked.map(({ from, at }) => [from.size > 0, at])).toEqual([
    [false, 0],
    [true, 1],
  ])
})
