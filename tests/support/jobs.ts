/** The embedded engines in a fresh folder, and what the tests of the control worker's jobs say to them. */
import { join } from "node:path"
import { Effect, Fiber, Layer, Stream } from "effect"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { AnyFact, Recorded } from "../../events/index.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { dumpRows, rowText } from "../../projections/dump.ts"
import { orphaned, trashed } from "../../projections/trash.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp } from "../../projections/worker.ts"
import { embeddedLog } from "./embedded-log.ts"
import { stamped } from "./folding.ts"
import { freshFolder } from "./folders.ts"

export const engines = (folder: string) =>
  Layer.mergeAll(
    embeddedLog({ folder }),
    lmdbStore({ folder: join(folder, "store") }),
    fileBlobs({ folder: join(folder, "blobs"), baseUrl: () => "http://localhost" }),
  )

export const hour = 3600

export const append = (facts: readonly AnyFact[], at: number) =>
  Effect.flatMap(EventLog, (log) => log.append(facts.map((fact) => stamped(fact, at))))

/** Appends and folds. */
export const told = (facts: readonly AnyFact[], at: number) => Effect.andThen(append(facts, at), catchUp())

export const created = (runId: string): AnyFact => ({ type: "RunCreated", data: { runId, clientStart: null } })
export const deleted = (runId: string): AnyFact => ({ type: "RunDeleted", data: { runId } })

export const put = (key: string) =>
  Effect.flatMap(BlobStore, (blobs) => blobs.put(key, Buffer.from(key), { contentType: "text/plain" }))

export const keys = Effect.flatMap(BlobStore, (blobs) =>
  Effect.map(blobs.list("", 1_000), (found) => found.map(({ key }) => key)),
)

/** What is left to do, and how many rows of runs there are. */
export const reads = Effect.flatMap(makeView, (view) =>
  view.read(async (rows) => ({
    trash: await trashed(rows, { limit: 1_000 }),
    orphans: await orphaned(rows, { limit: 1_000 }),
    run: (await rows.under("runs", ["run"])).length,
  })),
)

/** Everything in the log, partition by partition. */
export const logged = Effect.flatMap(EventLog, (log) =>
  Effect.map(Stream.runCollect(log.source(new Map())), (batches) =>
    [...batches].flatMap(({ records }) => records.filter((record): record is Recorded => record.type !== "Undecodable")),
  ),
)

/** All projected rows, as text. */
export const dumped = Effect.flatMap(makeView, (view) =>
  view.read(async (rows) => {
    const lines: string[] = []
    for await (const chunk of dumpRows(rows)) lines.push(...chunk.map(rowText))
    return lines.join("\n")
  }),
)

/** The same log folded into an empty store, as text. */
export const refolded = Effect.suspend(() =>
  catchUp().pipe(Effect.andThen(dumped), Effect.provide(lmdbStore({ folder: freshFolder(), temporary: true }))),
)

/** Stops what appends, and folds all that it has appended: what it was about to append stands before what is said after. */
export const halted = <A, E>(working: Fiber.Fiber<A, E>) =>
  Effect.andThen(Fiber.interrupt(working), told([created("after all")], 0))

/** Looks again until it is so. */
export const until = <A, E, R>(look: Effect.Effect<A, E, R>, is: (seen: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.flatMap(look, (seen) =>
    is(seen) ? Effect.succeed(seen) : Effect.sleep("5 millis").pipe(Effect.andThen(until(look, is))),
  )
