/** The jobs, done from time to time by whoever runs the control worker; each by one process at a time. */
import { Effect } from "effect"
import type { BlobStore } from "../domain/ports/blob-store.ts"
import type { EventLog } from "../domain/ports/event-log.ts"
import { NewId } from "../domain/ports/ids.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import { type ControlMeter, metered } from "./control-meter.ts"
import { type LockHeld, withLock } from "./locks.ts"
import { cleanupOrphans } from "./orphan-sweep.ts"
import { finishStale } from "./stale.ts"
import { cleanupTombstones } from "./tombstones.ts"

/** How often each job is done, in hours; one without a period, or with 0, never is. */
export interface JobSchedule {
  readonly finishStaleEvery?: number
  /** After how many silent hours a run is finished; 24 by default. */
  readonly staleAfter?: number
  readonly orphanBlobsEvery?: number
  readonly tombstonesEvery?: number
  /** How long ago a run must have been deleted, in hours; 168 by default. */
  readonly tombstonesOlderThan?: number
  /**
   * How long the worker waits before it does the first job, in hours; 1 by default. After everything was down, runs look
   * silent that had nobody to log to.
   */
  readonly firstAfter?: number
  /** How long the lock of a job outlives a process that died; 300 by default. */
  readonly lockTtlSeconds?: number
}

/** The names of the jobs: of their commands, their locks and what they tell the meter. */
export const jobNames = { stale: "finish-stale", orphans: "cleanup-orphan-blobs", tombstones: "cleanup-tombstones" } as const

type Engines = BlobStore | EventLog | KeyValueStore

/** Does the jobs at their times for ever, first a while after it begins. A job that fails is tried again after a while. */
export const scheduledJobs = (
  schedule: JobSchedule,
  worker: ControlMeter & { readonly now: () => number },
): Effect.Effect<never, never, Engines> => Effect.flatMap(NewId, (newId) => jobsOf(schedule, worker, `control-worker ${newId()}`))

const jobsOf = (
  schedule: JobSchedule,
  worker: ControlMeter & { readonly now: () => number },
  owner: string,
): Effect.Effect<never, never, Engines> => {
  const { now } = worker
  const lock = { ttlSeconds: schedule.lockTtlSeconds ?? 300, owner }
  const every = <A, E>(hours: number | undefined, job: string, work: Effect.Effect<A, E, Engines>) => {
    if (hours === undefined || hours <= 0) return Effect.never
    const done = withLock(job, lock, metered(job, worker)(work)).pipe(
      Effect.as(hours),
      Effect.catchIf(isHeld, () => Effect.succeed(hours)),
      Effect.catchCause((cause) =>
        Effect.as(Effect.logWarning("a job failed and will be tried again", { job }, cause), retryHours),
      ),
    )
    const first = Math.min(schedule.firstAfter ?? 1, hours)
    const again = done.pipe(
      Effect.flatMap((pause) => Effect.sleep(`${Math.min(pause, hours)} hours`)),
      Effect.forever,
    )
    return Effect.andThen(Effect.sleep(`${first} hours`), again)
  }
  return Effect.raceAllFirst([
    every(schedule.finishStaleEvery, jobNames.stale, finishStale({ now, timeoutHours: schedule.staleAfter ?? 24 })),
    every(schedule.orphanBlobsEvery, jobNames.orphans, cleanupOrphans({ now })),
    every(
      schedule.tombstonesEvery,
      jobNames.tombstones,
      cleanupTombstones({ now, olderThanHours: schedule.tombstonesOlderThan ?? 168 }),
    ),
  ])
}

const retryHours = 1 / 6

const isHeld = (fault: unknown): fault is LockHeld =>
  typeof fault === "object" && fault !== null && "_tag" in fault && fault._tag === "LockHeld"
