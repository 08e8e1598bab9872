/** Removes a generation that does not serve, whatever it stands there for. */
import { Effect } from "effect"
import type { EventLog } from "../domain/ports/event-log.ts"
import { KeyValueStore, type Transaction } from "../domain/ports/key-value-store.ts"
import { giveUpAsOf } from "./as-of-generations.ts"
import { giveUpFormer, removeReplaced } from "./former.ts"
import { type GenerationInfo, generations } from "./generation-list.ts"
import { abandonRebuild, type RebuildFault } from "./rebuild.ts"

/** What came of it: where nothing could be removed, all generations that there were at the moment when that was found. */
export type Removal = { readonly _tag: "Removed" } | { readonly _tag: "NotRemovable"; readonly there: readonly GenerationInfo[] }

/**
 * Removes a former generation, one that ends at some positions, or what a rebuild or rollback that died has left; the serving
 * one never. Fails with `RebuildRunning` where somebody is at work on it. Killed at any point it may be begun again.
 */
export const removeGeneration = (id: number): Effect.Effect<Removal, RebuildFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    for (;;) {
      const there = yield* store.write(async (tx) => giveUp(tx, id))
      if (there === "given up") break
      if (!there.some((one) => one.id === id && (one.state === "beside" || one.state === "returning")))
        return { _tag: "NotRemovable", there }
      if (yield* abandonRebuild(id)) break
      // It has been swapped in or put back meanwhile, and stands elsewhere now.
    }
    yield* removeReplaced
    return { _tag: "Removed" }
  })

/** Where it is none to be given up, what there is, as seen by the same transaction: later, another may serve. */
const giveUp = async (tx: Transaction, id: number): Promise<"given up" | readonly GenerationInfo[]> =>
  (await giveUpFormer(tx, id)) || (await giveUpAsOf(tx, id)) ? "given up" : generations(tx)
