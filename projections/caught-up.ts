/** Waiting until a position is folded, so that a command is answered with its own write visible. */
import { Effect } from "effect"
import { KeyValueStore, type StoreFault } from "../domain/ports/key-value-store.ts"
import { lastOfEach } from "../domain/positions.ts"
import type { Position } from "../events/index.ts"
import { checkpointOf } from "./fold.ts"
import { Rows } from "./rows.ts"
import { generationCache } from "./subspaces.ts"

/** Waits until all positions are folded. It never gives up by itself: put a time limit around it. */
export const makeCaughtUp: Effect.Effect<
  (positions: readonly Position[]) => Effect.Effect<void, StoreFault>,
  never,
  KeyValueStore
> = Effect.gen(function* () {
  const store = yield* KeyValueStore
  const generationOf = generationCache()
  const waitFor = (position: Position): Effect.Effect<void, StoreFault> =>
    Effect.gen(function* () {
      const seen = yield* store.read(async (tx) => {
        const generation = await generationOf(tx)
        if (generation === undefined) return undefined
        const rows = new Rows(tx, generation)
        const key = rows.key("marks", ["checkpoint", position.topic, position.partition])
        return { key, stored: await tx.get(key), next: await checkpointOf(rows, position) }
      })
      if (seen === undefined) return yield* Effect.sleep("20 millis").pipe(Effect.andThen(waitFor(position)))
      if (seen.next > position.offset) return
      // A rebuild may be swapped in while we wait for the former generation's row, so look again after a while.
      yield* Effect.race(store.changed(seen.key, seen.stored), Effect.sleep("1 second"))
      return yield* waitFor(position)
    })
  return (positions) => Effect.forEach(lastOfEach(positions), waitFor, { concurrency: "unbounded", discard: true })
})
