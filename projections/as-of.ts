/** Folds the log up to a time, or to positions, into a generation of its own, which is read by its id. */
import { Clock, Effect } from "effect"
import { EventLog, type LogUnavailable } from "../domain/ports/event-log.ts"
import { KeyValueStore } from "../domain/ports/key-value-store.ts"
import { type AsOf, AsOfGone, asOfGenerations, asOfTarget, completeAsOf, openAsOf } from "./as-of-generations.ts"
import { AsOfRefused, endsOf } from "./as-of-cut.ts"
import { foldToEnd, type ToEndOptions } from "./fold-to-end.ts"
import { type FoldFault, makeFolder } from "./folder.ts"
import { defaultSliceSize } from "./jobs.ts"
import { inPieces } from "./pieces.ts"
import { type RebuildRunning, withRebuildLock } from "./rebuild-lock.ts"

export interface AsOfOptions extends Pick<ToEndOptions, "onFolded"> {
  /** Most runs of other aggregates that one transaction touches. */
  readonly sliceSize?: number
  /** Told when folding begins, with what is folded and from where: all zero, or where an earlier one was ended. */
  readonly onBegun?: (asOf: AsOf, from: ReadonlyMap<string, number>) => void
  /** After how long without a sign of life another is taken for dead, in milliseconds. */
  readonly leaseMillis?: number
}

export type AsOfFault = LogUnavailable | FoldFault | RebuildRunning | AsOfRefused

/**
 * Folds what is asked for (see {@link endsOf}), which comes out as a fold of just that part of the log into an empty store.
 * So what is discarded later does not count. Killed at any point it goes on when it is asked for again in the same words;
 * where it is complete there is nothing to do.
 */
export const foldAsOf = (asked: string, options: AsOfOptions = {}): Effect.Effect<AsOf, AsOfFault, EventLog | KeyValueStore> =>
  withRebuildLock(
    options.leaseMillis ?? 5_000,
    () =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore
        const there = (yield* store.read(asOfGenerations)).find((one) => one.asked === asked)
        const ends = there === undefined ? yield* endsOf(asked) : there.ends
        const now = yield* Clock.currentTimeMillis
        const asOf = yield* store.write(async (tx) => openAsOf(tx, asked, ends, now))
        if (!asOf.isComplete) yield* foldInto(asOf, options)
        return { ...asOf, isComplete: true }
      }),
    "as_of_lock",
  ).pipe(
    Effect.catchDefect((defect) =>
      defect instanceof AsOfGone ? Effect.fail(new AsOfRefused({ message: defect.message })) : Effect.die(defect),
    ),
  )

const foldInto = (asOf: AsOf, { onBegun, onFolded, sliceSize = defaultSliceSize }: AsOfOptions) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const folder = inPieces(yield* makeFolder({ sliceSize, target: asOfTarget(asOf.id), until: asOf.ends }))
    yield* folder.learnDiscards
    onBegun?.(asOf, yield* folder.checkpoints)
    let folded = 0
    const counted: ToEndOptions["onFolded"] = (part) => {
      folded += part.events
      onFolded?.(part)
    }
    for (;;) {
      folded = 0
      yield* foldToEnd(folder, { until: asOf.ends, onFolded: counted, place: { kind: "as-of", id: asOf.id } })
      if (yield* store.write(async (tx) => completeAsOf(tx, asOf))) return
      // Another that was taken for dead may have folded a part of it.
      if (folded === 0) return yield* new AsOfRefused({ message: "the log ends before what was asked for" })
    }
  })
