/** The projector: follows the log and folds it, from where the checkpoints say, for ever. */
import { Cause, Clock, Effect, Latch } from "effect"
import { type Batch, EventLog, type LogUnavailable, partitionName, type Share } from "../domain/ports/event-log.ts"
import { KeyValueStore, type StoreFault } from "../domain/ports/key-value-store.ts"
import { spanClock, Spans } from "../domain/ports/spans.ts"
import { foldToEnd, type ToEndOptions } from "./fold-to-end.ts"
import { type Folder, type FoldFault, makeFolder } from "./folder.ts"
import type { FoldOutcome } from "./fold.ts"
import { defaultSliceSize } from "./jobs.ts"
import { paced } from "./pace.ts"
import { servingTarget } from "./serving-target.ts"
import { createGeneration } from "./subspaces.ts"
import { tellFold } from "./told-spans.ts"

export interface ProjectorOptions {
  /** Most runs of other aggregates that one transaction touches. */
  readonly sliceSize?: number
  /** `seconds` is how long the fold took, its commit included. */
  readonly onFolded?: (batch: Batch, outcome: FoldOutcome, seconds: number) => void
  /** Hears of each fault that is waited out, in words; where it lasts, again every few seconds. */
  readonly onFault?: (message: string) => void
}

export interface CatchUpOptions extends Omit<ToEndOptions, "place"> {
  /** Most runs of other aggregates that one transaction touches. */
  readonly sliceSize?: number
  /** What is not to be folded, by `topic/partition/offset`, beside what the log discards. */
  readonly passOver?: ReadonlySet<string>
}

/** The group whose members share the partitions among them. */
export const projectorGroup = "matyan-projectors"

/** Folds for ever; ends only by interruption. Faults of the log, the store or the folds are waited out, never skipped. */
export const project = (options: ProjectorOptions = {}): Effect.Effect<never, never, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const folder = yield* makeServingFolder(options)
    const round = Effect.gen(function* () {
      yield* folder.prepare
      yield* folder.learnDiscards
      yield* folder.settle
      const [jobs, letters] = [yield* Latch.make(), yield* Latch.make(true)]
      const share: Share<FoldFault> = {
        start: (partition) => Effect.map(folder.checkpoints, (from) => from.get(partitionName(partition)) ?? 0),
        take: paced((batch) => foldShared(folder, batch, { jobs, letters }, options.onFolded)),
      }
      const work = [
        log.share(projectorGroup, share),
        whenever(jobs, folder.settle),
        whenever(letters, patiently(folder.setAside)),
        // What another has left and cannot tell of: the letters of a rebuild that was swapped in, the jobs of one that is gone.
        jobs.open.pipe(Effect.andThen(letters.open), Effect.delay("1 minute"), Effect.forever),
      ]
      yield* Effect.raceAllFirst(work)
    })
    return yield* round.pipe(
      Effect.catchCause((cause) => waitOut(cause, options.onFault)),
      Effect.forever,
    )
  })

/** Makes the first generation where there is none, so that views can be opened before the projector's first batch. */
export const prepare: Effect.Effect<void, StoreFault, KeyValueStore> = KeyValueStore.use((store) =>
  Effect.asVoid(store.write(async (tx) => createGeneration(tx))),
)

/** Folds everything that is in the log now, jobs included, then ends. */
export const catchUp = (
  options: CatchUpOptions = {},
): Effect.Effect<void, LogUnavailable | FoldFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const folder = yield* makeServingFolder(options)
    yield* folder.prepare
    yield* folder.learnDiscards
    yield* foldToEnd(folder, { ...options, place: { kind: "serving" } })
  })

interface Latches {
  readonly jobs: Latch.Latch
  readonly letters: Latch.Latch
}

/** Folds a batch, and answers where to go on: after it, or where the checkpoint stands when another has folded meanwhile. */
const foldShared = (folder: Folder, batch: Batch, latches: Latches, onFolded: ProjectorOptions["onFolded"]) =>
  Effect.gen(function* () {
    const start = spanClock()
    const outcome = yield* folder.fold(batch)
    const end = spanClock()
    onFolded?.(batch, outcome, (end - start) / 1_000)
    if (outcome._tag === "Folded") tellFold(yield* Spans, batch, start, end)
    if (outcome._tag === "OutOfStep") return yield* Effect.as(Effect.sleep("10 millis"), outcome.checkpoint)
    if (outcome.hasJobs) yield* latches.jobs.open
    if (outcome.unfolded.length > 0) yield* latches.letters.open
    return batch.next
  })

/**
 * Does some work whenever there is any, whether or not batches come. The store takes one transaction at a time in the order
 * in which they are asked for, so slices of a job and batches take turns: a large job does not hold up what is new.
 */
const whenever = <E, R>(latch: Latch.Latch, work: Effect.Effect<void, E, R>): Effect.Effect<never, E, R> =>
  // Closed before looking, so that what a batch leaves meanwhile opens it again.
  latch.await.pipe(Effect.andThen(latch.close), Effect.andThen(work), Effect.forever)

/** Setting letters aside holds up no fold; what could not be is tried again. */
const patiently = (setAside: Folder["setAside"]): Effect.Effect<void, StoreFault, EventLog> =>
  Effect.catchTag(setAside, "LogUnavailable", (fault) =>
    Effect.logWarning("dead letters cannot be set aside now", fault).pipe(
      Effect.andThen(Effect.sleep("1 second")),
      Effect.andThen(Effect.suspend(() => patiently(setAside))),
    ),
  )

const waitOut = (cause: Cause.Cause<LogUnavailable | FoldFault>, onFault: ProjectorOptions["onFault"]): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
  const fault = Cause.squash(cause)
  onFault?.(fault instanceof Error ? fault.message : "failed unexpectedly")
  const isPassing = fault instanceof Error && "_tag" in fault && fault._tag !== "FoldBroken"
  return isPassing
    ? Effect.logWarning("the projector waits for a fault to pass", fault).pipe(Effect.andThen(Effect.sleep("500 millis")))
    : Effect.logError("the projector has stopped folding and tries again", fault).pipe(Effect.andThen(Effect.sleep("2 seconds")))
}

const makeServingFolder = ({ sliceSize = defaultSliceSize, passOver }: Pick<CatchUpOptions, "sliceSize" | "passOver">) =>
  Clock.clockWith((clock) =>
    makeFolder({ sliceSize, target: servingTarget(clock), ...(passOver === undefined ? {} : { passOver }) }),
  )
