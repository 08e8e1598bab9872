/** Helpers of a fold that are fibers of the same thread, each with a folder of its own: they take turns where they wait. */
import { type Context, Effect } from "effect"
import type { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { FoldHelpers } from "../../projections/fold-helpers.ts"
import { foldErrand, shareOf } from "../../projections/fold-to-end.ts"

/** So many, on engines that may be connections of their own; they are asked however little there is to fold. */
export const foldFibers = (
  count: number,
  engines: Context.Context<EventLog | KeyValueStore>,
): Context.Service.Shape<typeof FoldHelpers> => ({
  leastMillis: 0,
  help: (errand, work, onFolded) =>
    Effect.forEach(
      Array.from({ length: count }),
      () => Effect.ignore(foldErrand(errand, shareOf(work), onFolded).pipe(Effect.provideContext(engines))),
      { concurrency: "unbounded", discard: true },
    ),
})
