/** Folds what a log holds, from where the checkpoints say to its end, or to where it is asked to; alone or with helpers. */
import { Clock, Effect, Fiber, Stream } from "effect"
import {
  type Batch,
  EventLog,
  type LogUnavailable,
  type Partition,
  partitionName,
  type Starts,
} from "../domain/ports/event-log.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import type { Position } from "../events/index.ts"
import { steadyMillis } from "../domain/ports/steady-time.ts"
import { type Errand, FoldHelpers, type Share } from "./fold-helpers.ts"
import { FoldWork } from "./fold-work.ts"
import { type FoldedPart, foldedPart } from "./folded-part.ts"
import { type Folder, type FoldFault, makeFolder } from "./folder.ts"
import { type Place, targetAt } from "./places.ts"

export interface ToEndOptions {
  /** Fold each partition up to this offset, exclusive, by `topic/partition`, and none that is not named; to the log's end by default. */
  readonly until?: Starts
  readonly onFolded?: (folded: FoldedPart) => void
  /** Where helpers fold into: what the folder does, in words that they can be told. Without it the folder is alone. */
  readonly place?: Place
}

/** Folds what the log holds beyond a folder's checkpoints, jobs included. */
export const foldToEnd = (
  folder: Folder,
  { until, onFolded = () => undefined, place }: ToEndOptions = {},
): Effect.Effect<void, LogUnavailable | FoldFault, EventLog> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const logged = yield* log.ends
    const ends = until === undefined ? logged : logged.map((end) => ({ ...end, offset: until.get(partitionName(end)) ?? 0 }))
    const { help, leastMillis } = yield* FoldHelpers
    const work = new FoldWork(yield* folder.checkpoints, ends)
    if (place !== undefined && help !== null && work.partsLeft > 1) {
      const errand: Errand = { place, sliceSize: folder.sliceSize, passOver: yield* folder.passedOver }
      const [own, counted] = counter(onFolded)
      const asking = Effect.andThen(worthAsking(work.left, own, leastMillis), help(errand, work, onFolded))
      const helping = yield* Effect.forkChild(asking, { startImmediately: true })
      const shared = Effect.andThen(
        foldShare(folder, shareOf(work), counted),
        Effect.raceFirst(nobodyAtWork(work), Fiber.join(helping)),
      )
      yield* Effect.ensuring(shared, Fiber.interrupt(helping))
    }
    yield* foldFrom(folder, yield* folder.checkpoints, ends, onFolded)
    yield* folder.settle
  })

/** How long one folds alone before it is known how fast that is, in milliseconds. */
const trialMillis = 250

/** Waits until it is seen that one alone would take so long for what is left; for ever, where it would not. */
const worthAsking = (left: number, own: () => number, leastMillis: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (leastMillis === 0) return
    const start = yield* steadyMillis
    while (own() === 0) yield* Effect.sleep(trialMillis)
    const millis = (yield* steadyMillis) - start
    if ((left - own()) * (millis / own()) < leastMillis) yield* Effect.never
  })

/** Counts the events of what is told. */
const counter = (onFolded: (folded: FoldedPart) => void) => {
  let events = 0
  const counted = (part: FoldedPart): void => {
    events += part.events
    onFolded(part)
  }
  return [() => events, counted] as const
}

/** What a helper does: folds its share, and leaves the jobs, which touch the runs of others. */
export const foldErrand = (
  { place, sliceSize, passOver }: Errand,
  share: Share,
  onFolded: (folded: FoldedPart) => void,
): Effect.Effect<void, LogUnavailable | FoldFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const folder = yield* makeFolder({ sliceSize, passOver, target: targetAt(place, clock) })
    yield* foldShare(folder, share, onFolded)
  })

/** The work, as those of the same thread share it. */
export const shareOf = (work: FoldWork): Share => ({
  take: Effect.sync(() => work.take()),
  giveBack: (part, folded) => work.giveBack(part, folded),
})

/** Takes partitions and folds a stretch of them, until none is left to take. */
const foldShare = (folder: Folder, share: Share, onFolded: (folded: FoldedPart) => void) =>
  Effect.gen(function* () {
    for (let taken = yield* share.take; taken !== undefined; taken = yield* share.take) {
      const [{ part }, end] = [taken, { ...taken, offset: taken.until }]
      const reached = yield* Effect.onError(stretch(folder, taken, end, onFolded), () =>
        // Nobody need try that again at once: it is folded at the end, or fails there.
        Effect.sync(() => share.giveBack(part, Number.POSITIVE_INFINITY)),
      )
      share.giveBack(part, reached)
    }
  })

/** Folds up to an end, and answers where the partition stands; infinity where nothing came of it. */
const stretch = (folder: Folder, partition: Partition, end: Position, onFolded: (folded: FoldedPart) => void) =>
  Effect.gen(function* () {
    const name = partitionName(partition)
    const before = yield* folder.checkpoints
    yield* foldFrom(folder, before, [end], onFolded)
    const after = (yield* folder.checkpoints).get(name) ?? 0
    return after > (before.get(name) ?? 0) ? after : Number.POSITIVE_INFINITY
  })

/** Folds partitions up to their ends. */
const foldFrom = (folder: Folder, from: Starts, ends: readonly Position[], onFolded: (folded: FoldedPart) => void) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const until = new Map(ends.map((end) => [partitionName(end), end.offset]))
    const left = ends.filter((end) => (from.get(partitionName(end)) ?? 0) < end.offset)
    const open = new Set(left.map(partitionName))
    const isLast = (batch: Batch): boolean => {
      if (batch.next >= (until.get(partitionName(batch)) ?? 0)) open.delete(partitionName(batch))
      return open.size === 0
    }
    const batches = left.length === 0 ? Stream.empty : Stream.takeUntil(log.source(from, left), isLast)
    yield* Stream.runForEach(batches, (whole) => {
      const batch = cutAt(whole, until.get(partitionName(whole)) ?? 0)
      if (batch.records.length === 0) return Effect.void
      const told = Effect.map(folder.fold(batch), (outcome) => onFolded(foldedPart(batch, outcome)))
      // An embedded store and log never let go of the thread by themselves, and helpers and leases must be heard.
      return Effect.andThen(told, Effect.yieldNow)
    })
  })

/** Ends when no helper has a partition: one that has none yet need not begin. */
const nobodyAtWork = (work: FoldWork): Effect.Effect<void> =>
  Effect.suspend(() => (work.isAnyTaken ? Effect.sleep("2 millis") : Effect.void)).pipe(
    Effect.repeat({ while: () => work.isAnyTaken }),
    Effect.asVoid,
  )

/** The part of a batch before an offset; a part that is empty folds to nothing. */
const cutAt = (batch: Batch, until: number): Batch =>
  batch.next <= until
    ? batch
    : { ...batch, records: batch.records.filter(({ position }) => position.offset < until), next: Math.min(batch.next, until) }
