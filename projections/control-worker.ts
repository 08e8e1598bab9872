/**
 * The control worker: empties the trash. It appends events and deletes objects, and writes no projection; what it has
 * to do stands in the projections until its event is folded, so a crash anywhere loses nothing. Several may run at once.
 */
import { Effect, Stream } from "effect"
import { reached } from "../domain/milestones.ts"
import type { BlobStore } from "../domain/ports/blob-store.ts"
import { type Batch, EventLog, type Partition, partitionName } from "../domain/ports/event-log.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import type { AnyFact, Position } from "../events/index.ts"
import { type ControlMeter, metered } from "./control-meter.ts"
import { factAppender } from "./fact-appender.ts"
import { type Count, makeRemoveOrphans } from "./orphans.ts"
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
    const patiently = <E>(work: Effect.Effect<boolean, E>) =>
      work.pipe(
        Effect.catchCause((cause) => Effect.as(Effect.logWarning("the control worker waits for a fault to pass", cause), false)),
      )
    // What a scan appended is folded in a moment, and mostly leaves the next step to do.
    const pause = (appended: boolean) =>
      Effect.sleep(`${appended ? Math.min(2, options.scanEverySeconds) : options.scanEverySeconds} seconds`)
    const scans = patiently(worker.scan).pipe(Effect.flatMap(pause), Effect.forever)
    const follows = patiently(Effect.as(worker.follow, true)).pipe(Effect.andThen(Effect.sleep("1 second")), Effect.forever)
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

    /** Removes the objects of a deletion, and answers what is to be said of it; what fails stays for the next scan. */
    const removed = (orphan: Trashed) =>
      removeOrphans(orphan).pipe(
        metered("BlobsOrphaned", options),
        Effect.map((count): Purged => ({ orphan, count })),
        Effect.catchCause((cause) =>
          Effect.as(Effect.logWarning("the objects of a deleted run could not be removed yet", cause), undefined),
        ),
      )

    /** Whether all of it went well. */
    const purge = (orphans: readonly Trashed[]) =>
      Effect.gen(function* () {
        for (const orphan of orphans) failed.set(orphan.deletion, orphan)
        const done = (yield* Effect.forEach(orphans, removed, { concurrency: purgedAtOnce })).filter((one) => one !== undefined)
        reached("trash: removed")
        yield* append(done.flatMap(factsOf))
        reached("trash: removal stated")
        for (const { orphan, count } of done) {
          if (count === null) trash.forget(orphan)
          failed.delete(orphan.deletion)
        }
        return done.length === orphans.length
      })

    const follow = Effect.gen(function* () {
      yield* Stream.runForEach(log.follow(yield* begin, [controlPartition]), (batch) =>
        Effect.gen(function* () {
          options.onConsumed?.(batch.records.length)
          for (const orphans of chunksOf(batch.records.flatMap(orphanIn))) yield* purge(orphans)
          next = new Map([[partitionName(batch), batch.next]])
        }),
      )
    })

    const scan = Effect.gen(function* () {
      yield* begin
      const appended = yield* trash.scan
      for (const orphans of chunksOf([...failed.values()])) if (!(yield* purge(orphans))) return false
      return appended
    })
    return { scan, follow }
  })

const controlPartition: Partition = { topic: "control-events", partition: 0 }

const startsAt = (ends: readonly Position[]): ReadonlyMap<string, number> =>
  new Map(ends.map((end) => [partitionName(end), end.offset]))

/** What an event asks to be removed; the objects of no deletion are removed by the job that found them. */
const orphanIn = (record: Batch["records"][number]): readonly Trashed[] =>
  record.type === "BlobsOrphaned" && record.data.deletion !== noDeletion
    ? [{ runId: record.data.runId, deletion: record.data.deletion, at: record.data.before }]
    : []

interface Purged {
  readonly orphan: Trashed
  /** Null where the deletion did not wait for it. */
  readonly count: Count | null
}

const factsOf = ({ orphan: { runId, deletion }, count }: Purged): readonly AnyFact[] =>
  count === null ? [] : [{ type: "BlobsPurged", data: { runId, deletion, removed: count.objects } }]

/** Deletions whose objects are removed at the same time, and before it is said. */
const purgedAtOnce = 8
const purgedTogether = 100

const chunksOf = (orphans: readonly Trashed[]): readonly (readonly Trashed[])[] =>
  Array.from({ length: Math.ceil(orphans.length / purgedTogether) }, (_, i) =>
    orphans.slice(i * purgedTogether, (i + 1) * purgedTogether),
  )
