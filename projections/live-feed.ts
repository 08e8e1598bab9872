/** The log as those may see it who re-read the projections on each change: only what is folded. */
import { Effect, Semaphore, Stream } from "effect"
import {
  type Batch,
  EventLog,
  type LogUnavailable,
  type Partition,
  partitionName,
  type Starts,
} from "../domain/ports/event-log.ts"
import type { KeyValueStore, StoreFault } from "../domain/ports/key-value-store.ts"
import type { Position } from "../events/index.ts"
import { makeCaughtUp } from "./caught-up.ts"
import { checkpoints } from "./fold.ts"
import { type Change, Changes } from "./live-changes.ts"
import type { Rows } from "./rows.ts"
import { makeView } from "./view.ts"

export type FeedFault = LogUnavailable | StoreFault

/** A stretch of one partition, from where its reader stood up to `until`, exclusive. */
export interface Stretch {
  readonly partition: string
  readonly until: number
  readonly changes: readonly Change[]
}

export interface LiveFeed {
  readonly ends: Effect.Effect<readonly Position[], LogUnavailable>
  /** Where the projections stand, for every partition there is. */
  readonly shown: Effect.Effect<Starts, FeedFault>
  /** As the log's `follow`, each batch held back until it is folded. */
  readonly folded: (from: Starts) => Stream.Stream<Batch, FeedFault>
  /**
   * The changes of a partition between two offsets, as one stretch; it ends earlier once it has `most` to tell. What lies
   * before `until` must be folded.
   */
  readonly between: (partition: string, from: number, until: number, most: number) => Effect.Effect<Stretch, LogUnavailable>
  readonly read: <A>(body: (rows: Rows) => Promise<A>) => Effect.Effect<A, StoreFault>
}

/** So many readings of old stretches at a time; the others wait their turn. */
const mostReadings = 4

export const makeLiveFeed: Effect.Effect<LiveFeed, never, EventLog | KeyValueStore> = Effect.gen(function* () {
  const log = yield* EventLog
  const view = yield* makeView
  const caughtUp = yield* makeCaughtUp
  const readings = Semaphore.makeUnsafe(mostReadings)
  return {
    ends: log.ends,
    shown: Effect.gen(function* () {
      const ends = yield* log.ends
      const done = yield* view.read(checkpoints)
      return new Map(ends.map((end) => [partitionName(end), done.get(partitionName(end)) ?? 0]))
    }),
    folded: (from) => log.follow(from).pipe(Stream.tap((batch) => caughtUp([{ ...batch, offset: batch.next - 1 }]))),
    between: (partition, from, until, most) => readings.withPermit(readBetween(log, partition, { from, until, most })),
    read: view.read,
  }
})

interface Reach {
  readonly from: number
  readonly until: number
  readonly most: number
}

const readBetween = (log: EventLog["Service"], name: string, { from, until, most }: Reach) =>
  Effect.gen(function* () {
    const partition = partitionNamed(name, yield* log.ends)
    const changes = new Changes()
    if (partition === undefined || from >= until) return { partition: name, until, changes: [] }
    let next = from
    yield* log.follow(new Map([[name, from]]), [partition]).pipe(
      Stream.takeUntil((batch) => {
        for (const record of batch.records) if (record.position.offset < until) changes.add(record)
        next = Math.min(batch.next, until)
        return next >= until || changes.size >= most
      }),
      Stream.runDrain,
    )
    return { partition: name, until: next, changes: changes.list() }
  })

const partitionNamed = (name: string, ends: readonly Position[]): Partition | undefined => {
  const found = ends.find((end) => partitionName(end) === name)
  return found && { topic: found.topic, partition: found.partition }
}
