/** How much a rebuild folds in one transaction, beside projectors that commit all the time. */
import { Effect } from "effect"
import type { Batch } from "../domain/ports/event-log.ts"
import { steadyMillis } from "../domain/ports/steady-time.ts"
import type { FoldFault, Folder } from "./folder.ts"
import type { FoldOutcome } from "./fold.ts"

/** Records of a piece. */
const bounds = { least: 16, most: 5_000, first: 32 }
/** A piece that takes longer, in milliseconds, is too large; one that takes less than a quarter of it is too small. */
const aim = 200

/**
 * The folder, its batches folded in pieces. Where a store tries a transaction again when another came first, a long one can
 * lose to short ones again and again; so pieces shrink while they take long, for whatever reason, and grow while they do not.
 */
export const inPieces = (folder: Folder): Folder => {
  let size = bounds.first
  const adapt = (millis: number): void => {
    if (millis > aim) size = Math.max(bounds.least, size >> 1)
    else if (millis < aim / 4) size = Math.min(bounds.most, size * 2)
  }
  const piece = (batch: Batch): Effect.Effect<FoldOutcome, FoldFault> =>
    Effect.flatMap(steadyMillis, (start) =>
      Effect.tap(folder.fold(batch), () => Effect.map(steadyMillis, (end) => adapt(end - start))),
    )
  const fold = (batch: Batch): Effect.Effect<FoldOutcome, FoldFault> =>
    Effect.suspend(() => {
      const after = batch.records[size]
      if (after === undefined) return piece(batch)
      const { offset } = after.position
      const [head, tail] = [batch.records.slice(0, size), batch.records.slice(size)]
      return Effect.flatMap(piece({ ...batch, records: head, next: offset }), (outcome) =>
        outcome._tag === "OutOfStep" ? Effect.succeed(outcome) : fold({ ...batch, records: tail }),
      )
    })
  return { ...folder, fold }
}
