/** What gateways read: one consistent view of the serving projections. */
import { Effect } from "effect"
import { KeyValueStore, type StoreFault, StoreUnavailable } from "../domain/ports/key-value-store.ts"
import { Rows } from "./rows.ts"
import { generationCache } from "./subspaces.ts"

/** Reads projections; every call is one transaction. */
export interface View {
  readonly read: <A>(body: (rows: Rows) => Promise<A>) => Effect.Effect<A, StoreFault>
}

export const makeView: Effect.Effect<View, never, KeyValueStore> = Effect.gen(function* () {
  const store = yield* KeyValueStore
  const generationOf = generationCache()
  const read = <A>(body: (rows: Rows) => Promise<A>): Effect.Effect<A, StoreFault> =>
    store
      .read(async (tx) => {
        const generation = await generationOf(tx)
        return generation === undefined ? notReady : Effect.succeed(await body(new Rows(tx, generation)))
      })
      .pipe(Effect.flatMap((answer): Effect.Effect<A, StoreFault> => answer))
  return { read }
})

const notReady = Effect.fail(new StoreUnavailable({ message: "no projection has been made yet; the projector has not started" }))
