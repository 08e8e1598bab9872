/** When a projector folds what it is given: at once while little comes, in larger batches while much comes. */
import { Effect } from "effect"
import type { Batch } from "../domain/ports/event-log.ts"
import { steadyMillis } from "../domain/ports/steady-time.ts"

/** How long a small batch waits for more, in milliseconds. */
const lingerMillis = 5

/** From so many records on a batch is worth a commit of its own. */
const enough = 256

/**
 * Folds in turn. Each commit of the store costs a flush of the disk, which the log's own flushes, and so all
 * acknowledgements, wait for. So before a small batch that was there as soon as the last one was folded, being one of many,
 * there is a pause, in which more gathers behind it. What comes to an idle projector is folded at once.
 */
export const paced = <A, E, R>(fold: (batch: Batch) => Effect.Effect<A, E, R>): ((batch: Batch) => Effect.Effect<A, E, R>) => {
  let folded = Number.NEGATIVE_INFINITY
  return (batch) =>
    Effect.flatMap(steadyMillis, (now) => {
      const isOneOfMany = now - folded < 1 && batch.records.length < enough
      return isOneOfMany ? Effect.andThen(Effect.sleep(lingerMillis), fold(batch)) : fold(batch)
    }).pipe(Effect.tap(() => Effect.map(steadyMillis, (now) => (folded = now))))
}
