/** Whether a store was folded from another log than this one. */
import { Effect } from "effect"
import { EventLog, type LogUnavailable, partitionName } from "../domain/ports/event-log.ts"
import type { KeyValueStore, StoreFault } from "../domain/ports/key-value-store.ts"
import { checkpoints } from "./fold.ts"
import { makeView } from "./view.ts"

/**
 * The partitions of which more is folded than stands in the log: it was lost, or put back from an older copy. What is
 * appended now would be taken for what was folded before, and never be seen.
 */
export const partitionsBeyondLog: Effect.Effect<readonly string[], LogUnavailable | StoreFault, EventLog | KeyValueStore> =
  Effect.gen(function* () {
    const log = yield* EventLog
    const view = yield* makeView
    // The projections first: the log may go on meanwhile, and its end only grows.
    const folded = yield* view.read(checkpoints)
    const ends = new Map((yield* log.ends).map((end) => [partitionName(end), end.offset]))
    return [...folded].filter(([name, next]) => next > (ends.get(name) ?? 0)).map(([name]) => name)
  })
