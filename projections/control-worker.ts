/**
 * The control worker: empties the trash. It appends events and deletes objects, and writes no projection; what it has
 * to do stands in the projections until its event is folded, so a crash anywhere loses nothing. Several may run at once.
 */
import { Effect, Stream } from "effect"
import type { BlobStore } from "../domain/ports/blob-store.ts"
import { EventLog, type Partition, partitionName } from "../domain/ports/event-log.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import type { EventOf, Position } from "../events/index.ts"
import { type ControlMeter, metered } from "./control-meter.ts"
import { factAppender } from "./fact-appender.ts"
import { makeRemoveOrphans } from "./orphans.ts"
import { type JobSchedule, scheduledJobs } from "./scheduled-jobs.ts"
import { noDeletion, type Trashed } from "./trash.ts"
import { makeTrashScan, type TrashScanOptions } from "./trash-scan.ts"
import { makeView } from "./view.ts"

export interface ControlWorkerOptions extends TrashScanOptions, ControlMeter {
  readonly scanEverySeconds: number
  /** The jobs that are done beside; none by default. */
  readonly jobs?: JobSchedule
}

/** Works for ever; ends only by interruption. Faults are waited out. */
export const controlWorker = (options: ControlWorkerOptions): Effect.Effect<never, never, BlobStore | EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const worker = yield* makeControlWorker(options)
    const patiently = <E>(work: Effect.Effect<void, E>) =>
      work.pipe(Effect.catchCause((cause) => Effect.logWarning("the control worker waits for a fault to pass", cause)))
    const scans = patiently(worker.scan).pipe(Effect.andThen(Effect.sleep(`${options.scanEverySeconds} seconds`)), Effect.forever)
    const follows = patiently(worker.follow).pipe(Effect.andThen(Effect.sleep("1 second")), Effect.forever)
    return yield* Effect.raceAllFirst([scans, follows, scheduledJobs(options.jobs ?? {}, options)])
  })

/** The two halves of the work: one scan, and following the log for what the scans append. */
export const makeControlWorker = (options: ControlWorkerOptions) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const removeOrphans = yield* makeRemoveOrphans
    const append = yield* factAppender("control-worker", options.now)
    const trash = makeTrashScan(yield* makeView, append, options)
    /** What could not be removed, by deletion, for the next scan to try again. */
    const failed = new Map<string, Trashed>()
    /** Where following goes on. Known before the first scan appends, so that what is appended is also followed. */
    let next: ReadonlyMap<string, number> | undefined

    const begin = Effect.suspend(() =>
      next === undefined ? Effect.map(log.ends, (ends) => (next ??= startsAt(ends))) : Effect.succeed(next),
    )

    /** Whether it went well; what did not stays for the next scan. */
    const purge = (orphan: Trashed) =>
      Effect.gen(function* () {
        const removed = yield* removeOrphans(orphan)
        const { runId, deletion } = orphan
        if (removed === null) trash.forget(orphan)
        else yield* append([{ type: "BlobsPurged", data: { runId, deletion, removed } }])
        failed.delete(deletion)
        return true
      }).pipe(
        metered("BlobsOrphaned", options),
        Effect.catchCause((cause) =>
          Effect.sync(() => failed.set(orphan.deletion, orphan)).pipe(
            Effect.andThen(Effect.logWarning("the objects of a deleted run could not be removed yet", cause)),
            Effect.as(false),
          ),
        ),
      )

    const follow = Effect.gen(function* () {
      yield* Stream.runForEach(log.follow(yield* begin, [controlPartition]), (batch) =>
        Effect.gen(function* () {
          options.onConsumed?.(batch.records.length)
          for (const record of batch.records)
            if (record.type === "BlobsOrphaned" && record.data.deletion !== noDeletion) yield* purge(orphanOf(record))
          next = new Map([[partitionName(batch), batch.next]])
        }),
      )
    })

    const scan = Effect.gen(function* () {
      yield* begin
      yield* trash.scan
      for (const orphan of failed.values()) if (!(yield* purge(orphan))) return
    })
    return { scan, follow }
  })

const controlPartition: Partition = { topic: "control-events", partition: 0 }

const startsAt = (ends: readonly Position[]): ReadonlyMap<string, number> =>
  new Map(ends.map((end) => [partitionName(end), end.offset]))

const orphanOf = ({ data }: EventOf<"BlobsOrphaned">): Trashed => ({
  runId: data.runId,
  deletion: data.deletion,
  at: data.before,
})
