import { Data, Effect, Schedule, type Scope, Stream } from "effect"
import type { Topic } from "../../events/define.ts"
import { type LogUnavailable, type Partition, partitionName, type Share } from "../../domain/ports/event-log.ts"
import { isHopeless, unavailable } from "./faults.ts"
import { LagCommits } from "./lag-commits.ts"
import { type ReadingOptions, readOn } from "./log-reading.ts"
import { type Assignment, Membership, type MembershipOptions } from "./membership.ts"

class MembershipLost extends Data.TaggedError("MembershipLost")<{ readonly message: string }> {}

const topics: readonly Topic[] = ["data-ingestion", "control-events"]

/** A member's share of the partitions, for as long as it runs; a membership that is lost is followed by another. */
export const shareByGroup = <E>(
  reading: ReadingOptions,
  membership: Omit<MembershipOptions, "topics">,
  share: Share<E>,
): Effect.Effect<never, LogUnavailable | E> =>
  Effect.scoped(shareAsMember(reading, { ...membership, topics: topics.map(reading.topicName) }, share)).pipe(
    Effect.tapError((fault) =>
      isLost(fault)
        ? Effect.logWarning("a member of a consumer group begins anew", { group: membership.group, reason: fault.message })
        : Effect.void,
    ),
    Effect.retry({ while: isLost, schedule: Schedule.spaced("300 millis") }),
    // None is left after the retries; this only tells the compiler.
    Effect.catchIf(isLost, Effect.die),
  )

/** A membership that may be had again, or what keeps the group from ever taking us. */
const lostFor = (cause: unknown): MembershipLost | LogUnavailable =>
  isHopeless(cause)
    ? unavailable("the group of the projectors does not take us")(cause)
    : new MembershipLost({ message: cause instanceof Error ? cause.message : String(cause) })

const isLost = (fault: unknown): fault is MembershipLost => fault instanceof MembershipLost

const shareAsMember = <E>(
  reading: ReadingOptions,
  options: MembershipOptions,
  share: Share<E>,
): Effect.Effect<never, MembershipLost | LogUnavailable | E, Scope.Scope> =>
  Effect.gen(function* () {
    const member = yield* Effect.acquireRelease(
      Effect.sync(() => new Membership(reading.client, options)),
      (member) => Effect.promise(() => member.leave()),
    )
    const commits = yield* Effect.acquireRelease(
      Effect.sync(() => new LagCommits(reading, options.group, () => member.member)),
      (commits) => Effect.sync(() => commits.close()),
    )
    const round = Effect.tryPromise({
      try: () => member.assignment(),
      catch: lostFor,
    }).pipe(Effect.flatMap((assignment) => readAssigned(reading, assignment, share, commits)))
    return yield* Effect.forever(round)
  })

/** Reads what is assigned until that is over. Where the taker wants something else than what comes next, all are read anew from where they stand. */
const readAssigned = <E>(
  reading: ReadingOptions,
  { partitions, over }: Assignment,
  { start, take }: Share<E>,
  commits: LagCommits,
): Effect.Effect<void, LogUnavailable | E> =>
  Effect.gen(function* () {
    const own = partitionsOf(reading, partitions)
    const from = new Map<string, number>()
    for (const partition of own) from.set(partitionName(partition), yield* start(partition))
    while (!over.aborted) {
      const batches = own.length === 0 ? Stream.never : readOn(reading, from, own)
      yield* batches.pipe(
        Stream.interruptWhen(aborted(over)),
        Stream.runForEachWhile((batch) =>
          Effect.map(take(batch), (next) => {
            from.set(partitionName(batch), next)
            commits.took(batch, next)
            return next === batch.next && !over.aborted
          }),
        ),
      )
    }
  })

const partitionsOf = ({ topicName }: ReadingOptions, assigned: Assignment["partitions"]): readonly Partition[] =>
  topics.flatMap((topic) => (assigned[topicName(topic)] ?? []).map((partition) => ({ topic, partition })))

const aborted = (signal: AbortSignal): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const done = (): void => resume(Effect.void)
    if (signal.aborted) done()
    else signal.addEventListener("abort", done, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", done))
  })
