/**
 * The control worker: empties the trash. It appends events and deletes objects, and writes no projection; what it has
 * to do stands in the projections, and the scan repeats it until its event is folded, so a crash anywhere loses nothing.
 */
import { randomUUID } from "node:crypto"
import { Effect, Stream } from "effect"
import { BlobStore } from "../domain/ports/blob-store.ts"
import { EventLog } from "../domain/ports/event-log.ts"
import { KeyValueStore } from "../domain/ports/key-value-store.ts"
import { stamper } from "../domain/stamp.ts"
import type { AnyFact, EventOf } from "../events/index.ts"
import { orphaned, trashed } from "./trash.ts"
import { makeView } from "./view.ts"

export interface ControlWorkerOptions {
  /** How long a deleted run can be restored, in hours. */
  readonly trashHours: number
  readonly scanEverySeconds: number
  /** Unix seconds. */
  readonly now: () => number
}

/** Works for ever; ends only by interruption. Faults are waited out. */
export const controlWorker = (options: ControlWorkerOptions): Effect.Effect<never, never, BlobStore | EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const worker = yield* makeControlWorker(options)
    const patiently = <E>(work: Effect.Effect<void, E>) =>
      work.pipe(Effect.catchCause((cause) => Effect.logWarning("the control worker waits for a fault to pass", cause)))
    const scans = patiently(worker.scan).pipe(Effect.andThen(Effect.sleep(`${options.scanEverySeconds} seconds`)), Effect.forever)
    const follows = patiently(worker.follow).pipe(Effect.andThen(Effect.sleep("1 second")), Effect.forever)
    return yield* Effect.raceFirst(scans, follows)
  })

/** The two halves of the work: one scan, and following the log for what the scans append. */
export const makeControlWorker = (options: ControlWorkerOptions) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const blobs = yield* BlobStore
    const view = yield* makeView
    const stamp = stamper({ writer: randomUUID(), actor: "control-worker", newId: randomUUID })
    const append = (facts: readonly AnyFact[]) =>
      facts.length === 0 ? Effect.void : Effect.asVoid(log.append(stamp(facts, { at: options.now(), cause: null })))

    const follow = Effect.gen(function* () {
      const ends = yield* log.ends
      const from = new Map(ends.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
      const control = ends.filter(({ topic }) => topic === "control-events")
      yield* Stream.runForEach(log.follow(from, control), ({ records }) =>
        Effect.forEach(
          records,
          (record) =>
            record.type === "BlobsOrphaned" ? purge(record).pipe(Effect.flatMap((fact) => append([fact]))) : Effect.void,
          { discard: true },
        ),
      )
    })

    const purge = ({ data }: EventOf<"BlobsOrphaned">) =>
      removeOlder(blobs, `${data.runId}/`, data.before).pipe(
        Effect.map((removed): AnyFact => ({
          type: "BlobsPurged",
          data: { runId: data.runId, deletion: data.deletion, removed },
        })),
      )

    const scan = view
      .read(async (rows) => ({ trash: await trashed(rows), orphans: await orphaned(rows) }))
      .pipe(
        Effect.flatMap(({ trash, orphans }) => {
          const due = options.now() - options.trashHours * 3600
          return append([
            ...trash
              .filter(({ at }) => at <= due)
              .map(({ runId, deletion }): AnyFact => ({ type: "RunPurged", data: { runId, deletion } })),
            ...orphans.map(({ runId, deletion, at }): AnyFact => ({
              type: "BlobsOrphaned",
              data: { runId, deletion, before: at },
            })),
          ])
        }),
      )
    return { scan, follow }
  })

const pageSize = 500

/** Deletes the objects under a prefix that were last modified before a time (Unix seconds), page by page. */
const removeOlder = (blobs: BlobStore["Service"], prefix: string, before: number) =>
  Effect.gen(function* () {
    let removed = 0
    for (let after: string | undefined; ;) {
      const page = yield* blobs.list(prefix, pageSize, after)
      removed += yield* blobs.remove(page.filter(({ modified }) => modified < before).map(({ key }) => key))
      after = page.at(-1)?.key
      if (page.length < pageSize) return removed
    }
  })
