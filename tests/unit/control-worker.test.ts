/** The way of a deleted run to nothing: trash, purge, objects, each step an event. */
import { join } from "node:path"
import { Effect, Fiber, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { AnyFact } from "../../events/index.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { makeControlWorker } from "../../projections/control-worker.ts"
import { orphaned, trashed } from "../../projections/trash.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { stamped } from "../support/folding.ts"
import { freshFolder } from "../support/folders.ts"

const engines = (folder: string) =>
  Layer.mergeAll(
    embeddedLog({ folder }),
    lmdbStore({ folder: join(folder, "store") }),
    fileBlobs({ folder: join(folder, "blobs"), baseUrl: () => "http://localhost" }),
  )

const hour = 3600
const now = Date.now() / 1000

const append = (facts: readonly AnyFact[], at: number) =>
  Effect.flatMap(EventLog, (log) => log.append(facts.map((fact) => stamped(fact, at))))

const put = (key: string) => Effect.flatMap(BlobStore, (blobs) => blobs.put(key, Buffer.from(key), { contentType: "text/plain" }))

const keys = Effect.flatMap(BlobStore, (blobs) => Effect.map(blobs.list("", 100), (found) => found.map(({ key }) => key)))

const reads = Effect.flatMap(makeView, (view) =>
  view.read(async (rows) => ({
    trash: await trashed(rows, { limit: 100 }),
    orphans: await orphaned(rows, { limit: 100 }),
    run: (await rows.under("runs", ["run"])).length,
  })),
)

/** Follows what the scans append until the objects are gone. */
const until = <A, E, R>(look: Effect.Effect<A, E, R>, is: (seen: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.flatMap(look, (seen) =>
    is(seen) ? Effect.succeed(seen) : Effect.sleep("10 millis").pipe(Effect.andThen(until(look, is))),
  )

describe("the control worker", () => {
  it("leaves a deleted run in the trash until it is due, then clears its data and its objects, and no others", () =>
    Effect.gen(function* () {
      yield* put("run/model.bin")
      yield* put("run2/model.bin")
      yield* append([{ type: "RunCreated", data: { runId: "run", clientStart: null } }], now)
      yield* append([{ type: "RunDeleted", data: { runId: "run" } }], now + 1)
      yield* catchUp()
      let clock = now + 10
      const worker = yield* makeControlWorker({ trashHours: 1, scanEverySeconds: 1, now: () => clock })
      const following = yield* Effect.forkChild(worker.follow)

      yield* worker.scan
      yield* catchUp()
      expect(yield* reads).toMatchObject({ trash: [{ runId: "run", at: now + 1 }], orphans: [] })
      expect((yield* reads).run).toBeGreaterThan(0)

      clock = now + 2 * hour
      yield* worker.scan
      yield* catchUp()
      expect(yield* reads).toMatchObject({ trash: [], orphans: [{ runId: "run", at: now + 1 }], run: 0 })

      const scanned = worker.scan.pipe(Effect.andThen(Effect.sleep("50 millis")), Effect.andThen(keys))
      expect(yield* until(scanned, (left) => left.length === 1)).toEqual(["run2/model.bin"])
      yield* until(catchUp().pipe(Effect.andThen(reads)), ({ orphans }) => orphans.length === 0)
      yield* Fiber.interrupt(following)
    }).pipe(Effect.provide(engines(freshFolder())), Effect.runPromise))

  it("keeps the objects that were uploaded after the deletion, when the id is used again", () =>
    Effect.gen(function* () {
      yield* append([{ type: "RunCreated", data: { runId: "run", clientStart: null } }], now - 100)
      yield* append([{ type: "RunDeleted", data: { runId: "run" } }], now - 50)
      yield* append([{ type: "TombstoneLifted", data: { runId: "run" } }], now - 20)
      yield* put("run/new.bin")
      yield* catchUp()
      expect((yield* reads).orphans).toHaveLength(1)
      const worker = yield* makeControlWorker({ trashHours: 1, scanEverySeconds: 1, now: () => now })
      const following = yield* Effect.forkChild(worker.follow)
      const scanned = worker.scan.pipe(
        Effect.andThen(Effect.sleep("50 millis")),
        Effect.andThen(catchUp()),
        Effect.andThen(reads),
      )
      yield* until(scanned, ({ orphans }) => orphans.length === 0)
      expect(yield* keys).toEqual(["run/new.bin"])
      yield* Fiber.interrupt(following)
    }).pipe(Effect.provide(engines(freshFolder())), Effect.runPromise))
})
