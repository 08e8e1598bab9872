/** What gateways read: one consistent view of the serving projections. */
import { Effect } from "effect"
import { KeyValueStore, type Reader, type StoreFault, StoreUnavailable } from "../domain/ports/key-value-store.ts"
import { AsOfGone, asOfTarget } from "./as-of-generations.ts"
import { Rows } from "./rows.ts"
import { type Generation, generationCache } from "./subspaces.ts"

/** Reads projections; every call is one transaction of one generation. As in the store, a body may run more than once. */
export interface View {
  readonly read: <A>(body: (rows: Rows) => Promise<A>) => Effect.Effect<A, StoreFault>
  /** As `read`, of a generation that ends at some positions, by its id. */
  readonly readAsOf: <A>(id: number, body: (rows: Rows) => Promise<A>) => Effect.Effect<A, StoreFault>
}

export const makeView: Effect.Effect<View, never, KeyValueStore> = Effect.gen(function* () {
  const store = yield* KeyValueStore
  const generationOf = generationCache()
  // A read that outlasts its view may go on in one in which a rebuild has taken over and removed the rest of these rows.
  const isReplaced = async (tx: Reader, { id }: Generation): Promise<boolean> =>
    !store.viewsLast && (await generationOf(tx))?.id !== id
  const read = <A>(body: (rows: Rows) => Promise<A>): Effect.Effect<A, StoreFault> =>
    store
      .read(async (tx) => {
        const generation = await generationOf(tx)
        if (generation === undefined) return notReady
        try {
          const answer = await body(new Rows(tx, generation))
          return (await isReplaced(tx, generation)) ? Effect.suspend(() => read(body)) : Effect.succeed(answer)
        } catch (error) {
          if (await isReplaced(tx, generation).catch(() => false)) return Effect.suspend(() => read(body))
          throw error
        }
      })
      .pipe(Effect.flatMap((answer): Effect.Effect<A, StoreFault> => answer))
  return { read, readAsOf: (id, body) => readAsOf(store, id, body) }
})

const readAsOf = <A>(
  store: KeyValueStore["Service"],
  id: number,
  body: (rows: Rows) => Promise<A>,
): Effect.Effect<A, StoreFault> =>
  store
    .read(async (tx) => {
      const target = asOfTarget(id)
      try {
        const answer = await body(new Rows(tx, await target(tx)))
        // A read that outlasts its view may go on in one in which it was removed.
        if (!store.viewsLast) await target(tx)
        return Effect.succeed(answer)
      } catch (error) {
        if (error instanceof AsOfGone) return Effect.fail(new StoreUnavailable({ message: error.message }))
        throw error
      }
    })
    .pipe(Effect.flatMap((answer): Effect.Effect<A, StoreFault> => answer))

const notReady = Effect.fail(new StoreUnavailable({ message: "no projection has been made yet; the projector has not started" }))
