import { Context, Data, type Effect, type Stream } from "effect"
import type { AnyEvent, Position, Recorded, Undecodable } from "../../events/index.ts"
import type { Topic } from "../../events/define.ts"

/** The log cannot be reached or written now; nothing of a failed append may be taken for durable, nor for absent. */
export class LogUnavailable extends Data.TaggedError("LogUnavailable")<{ readonly message: string; readonly cause?: unknown }> {}

/** One event exceeds what the log takes; nothing of the append was written. */
export class EventTooLarge extends Data.TaggedError("EventTooLarge")<{
  readonly message: string
  readonly type: string
  readonly bytes: number
  readonly limit: number
}> {}

export interface Partition {
  readonly topic: Topic
  readonly partition: number
}

/** Consecutive records of one partition. `next` is the offset after the last of them. */
export interface Batch extends Partition {
  readonly records: readonly (Recorded | Undecodable)[]
  readonly next: number
}

/** A record to be set aside, and why. */
export interface SetAside {
  readonly position: Position
  readonly reason: string
}

/** What a member of a group does with the partitions that are its own. */
export interface Share<E> {
  /** Where to begin in a partition that has become this member's. */
  readonly start: (partition: Partition) => Effect.Effect<number, E>
  /** Takes a batch, and answers the offset to go on from: the batch's `next`, or another to read again from. */
  readonly take: (batch: Batch) => Effect.Effect<number, E>
}

/** Where to begin in each partition (0 where it is not named); keyed by {@link partitionName}. */
export type Starts = ReadonlyMap<string, number>

export const partitionName = ({ topic, partition }: Partition): string => `${topic}/${partition}`

/**
 * All events, by topic and partition: the source of truth. Events of one key keep their order.
 * It does not dedupe, judge, or know who reads.
 */
export class EventLog extends Context.Service<
  EventLog,
  {
    /**
     * Appends in order, and answers when every event is durable. When it fails, none of them is durable for sure, but some
     * may be: a log may write them partition by partition, or lose its own answer. So whoever must have them durable appends all of
     * them again, in order and before anything newer of their keys, and folds know the repeats by their writer's numbers.
     */
    readonly append: (events: readonly AnyEvent[]) => Effect.Effect<readonly Position[], LogUnavailable | EventTooLarge>
    /** Reads each partition, or only some, from its start to the end it had when the reading began, then ends. */
    readonly source: (from: Starts, only?: readonly Partition[]) => Stream.Stream<Batch, LogUnavailable>
    /** As `source`, then goes on with what is appended, by whichever process. */
    readonly follow: (from: Starts, only?: readonly Partition[]) => Stream.Stream<Batch, LogUnavailable>
    /**
     * As `follow`, shared by the members of a group: every partition is read by one of them, and by another soon after
     * that one is gone. A partition may for a while be read by two, so the taker must fence.
     */
    readonly share: <E>(group: string, share: Share<E>) => Effect.Effect<never, LogUnavailable | E>
    /**
     * Copies records that no projection can hold to where the operators of a log look for such (a dead-letter topic); a log
     * without such a place does nothing. It may copy one twice.
     */
    readonly setAside: (letters: readonly SetAside[]) => Effect.Effect<void, LogUnavailable>
    /**
     * The durable records at these positions, in the order asked, however often one is asked for; undefined where the log has
     * none. It holds all of them at once, so who asks bounds how many.
     */
    readonly recordsAt: (
      positions: readonly Position[],
    ) => Effect.Effect<readonly (Recorded | Undecodable | undefined)[], LogUnavailable>
    /** The offset after the last durable record of every partition there is. */
    readonly ends: Effect.Effect<readonly Position[], LogUnavailable>
  }
>()("matyan/EventLog") {}
