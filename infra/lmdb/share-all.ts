import { Effect, Stream } from "effect"
import { type Batch, type Partition, partitionName, type Share, type Starts } from "../../domain/ports/event-log.ts"

/**
 * The share of a group's member where there is one folder and nobody to divide it: each member has every partition. That is
 * right with any number of members, since takers fence, but only one of them is of use.
 */
export const shareAll = <E, F>(
  partitions: readonly Partition[],
  follow: (from: Starts) => Stream.Stream<Batch, F>,
  { start, take }: Share<E>,
): Effect.Effect<never, E | F> =>
  Effect.gen(function* () {
    const starts = yield* Effect.forEach(partitions, (partition) =>
      Effect.map(start(partition), (offset) => [partitionName(partition), offset] as const),
    )
    // Ends only where the taker wants something else than what comes next: then all begin again where they are told to.
    yield* follow(new Map(starts)).pipe(Stream.runForEachWhile((batch) => Effect.map(take(batch), (next) => next === batch.next)))
  }).pipe(Effect.forever)
