/** Back to a generation that a rebuild has replaced: it is folded up to what serves, beside it, and swapped in as a rebuild is. */
import { Data, Effect } from "effect"
import type { EventLog } from "../domain/ports/event-log.ts"
import { KeyValueStore } from "../domain/ports/key-value-store.ts"
import { type RebuildFault, type RebuildOptions, takeOver, whileRebuilding } from "./rebuild.ts"
import { putBack, takeBack } from "./take-back.ts"

/** The generation cannot serve again; all stands as it did. */
export class RollbackRefused extends Data.TaggedError("RollbackRefused")<{ readonly message: string }> {}

/**
 * Lets a former generation serve again, by default the one that was replaced last; answers which one serves. The one that
 * served is kept as after a rebuild. Killed at any point it may be begun again, and a rebuild puts back what it has left.
 */
export const rollback = (
  wanted: number | null,
  options: RebuildOptions = {},
): Effect.Effect<number, RebuildFault | RollbackRefused, EventLog | KeyValueStore> =>
  whileRebuilding(options, (owner) =>
    Effect.gen(function* () {
      const store = yield* KeyValueStore
      const taken = yield* store.write(async (tx) => takeBack(tx, owner, wanted))
      if (taken._tag === "Refused") return yield* new RollbackRefused(taken)
      if (taken._tag === "Serving") return taken.id
      if ((yield* takeOver(owner, taken.id, options)) === "swapped") return taken.id
      yield* store.write(async (tx) => putBack(tx, owner))
      return yield* new RollbackRefused({
        message: `generation ${taken.id} holds an event that was discarded since; only a rebuild gives projections without it`,
      })
    }),
  )
