/** When a fold fails: on this event, or on every one of its kind? */
import { Data } from "effect"
import type { Batch } from "../domain/ports/event-log.ts"
import { MsgpackError } from "../domain/msgpack.ts"
import { positionName } from "../domain/positions.ts"
import type { FoldOutcome } from "./fold.ts"

/** The fold fails on one event after another of a type: the code or the store is at fault, and nothing more is buried. */
export class FoldBroken extends Data.TaggedError("FoldBroken")<{
  readonly message: string
  readonly type: string
  readonly position: string
  readonly cause: unknown
}> {}

/** So many events of one type, none of which could be folded, are no longer taken for faults of the events. */
const mostInARow = 10

/** Counts failures of the fold by the type of the event, until one of the type is folded. */
export class Defects {
  readonly #inARow = new Map<string, number>()

  /** The event's failure, or what to stop for: then it must not become a dead letter. */
  failed(record: Batch["records"][number], cause: unknown): FoldBroken | null {
    // The event's own bytes are at fault, whatever else can be folded.
    if (cause instanceof MsgpackError) return null
    const { type } = record
    const count = (this.#inARow.get(type) ?? 0) + 1
    if (count > mostInARow)
      return new FoldBroken({
        message: `the fold fails on every ${type}; folding has stopped, and no more of them become dead letters`,
        type,
        position: positionName(record.position),
        cause,
      })
    this.#inARow.set(type, count)
    return null
  }

  folded({ records }: Batch, outcome: FoldOutcome): void {
    if (this.#inARow.size === 0 || outcome._tag !== "Folded" || outcome.unfolded.length > 0) return
    for (const { type } of records) this.#inARow.delete(type)
  }
}
