/** Removing generations, also while they come and go. */
import { Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { KeyValueStore, type Transaction } from "../../../domain/ports/key-value-store.ts"
import { openBeside } from "../../../projections/beside.ts"
import { generations } from "../../../projections/generation-list.ts"
import { rebuild } from "../../../projections/rebuild.ts"
import { removeGeneration } from "../../../projections/remove-generation.ts"
import { rollback } from "../../../projections/rollback.ts"
import { putBack, takeBack } from "../../../projections/take-back.ts"
import { catchUp } from "../../../projections/worker.ts"
import { append, foldedClean, named, onProjections, projected } from "../../support/projected.ts"

const write = (body: (tx: Transaction) => Promise<unknown>) => KeyValueStore.use((store) => store.write(body))
const standing = Effect.map(
  KeyValueStore.use((store) => store.read(generations)),
  (all) => all.map(({ id, state }) => `${id} ${state}`),
)

/** A store whose second generation serves, and whose first is kept. */
const rebuilt = Effect.gen(function* () {
  yield* append([named("run", "name")])
  yield* catchUp()
  yield* rebuild({ keep: true })
})

/** A store in which another writes something once, right after the next transaction that writes. */
class Meanwhile {
  other: ((tx: Transaction) => Promise<unknown>) | undefined

  over<E>(layer: Layer.Layer<KeyValueStore, E>): Layer.Layer<KeyValueStore, E> {
    return Layer.effect(
      KeyValueStore,
      Effect.map(KeyValueStore, (store) => ({
        ...store,
        write: <A>(body: (tx: Transaction) => Promise<A>) =>
          Effect.tap(store.write(body), () => {
            const { other } = this
            this.other = undefined
            return other === undefined ? Effect.void : store.write(other)
          }),
      })),
    ).pipe(Layer.provide(layer))
  }
}

describe("removing a generation", () => {
  it("takes a former one and what a rebuild that died has left, and leaves what serves", () =>
    onProjections(
      Effect.gen(function* () {
        yield* rebuilt
        yield* write((tx) => openBeside(tx, "dead", 0))
        expect(yield* standing).toEqual(["2 serving", "3 beside", "1 former"])
        expect(yield* removeGeneration(3)).toEqual({ _tag: "Removed" })
        expect(yield* removeGeneration(1)).toEqual({ _tag: "Removed" })
        for (const id of [1, 2, 3, 9])
          expect(yield* removeGeneration(id)).toMatchObject({ _tag: "NotRemovable", there: [{ id: 2, state: "serving" }] })
        expect(yield* standing).toEqual(["2 serving"])
        expect(yield* projected).toBe(yield* foldedClean)
      }),
    ))

  it("takes one that is put back among the former ones after it was seen to be about to return", () => {
    const meanwhile = new Meanwhile()
    return onProjections(
      Effect.gen(function* () {
        yield* rebuilt
        yield* write((tx) => takeBack(tx, "dead", 1))
        meanwhile.other = (tx) => putBack(tx, "dead")
        expect(yield* removeGeneration(1)).toEqual({ _tag: "Removed" })
        expect(yield* standing).toEqual(["2 serving"])
      }),
      { store: (layer) => meanwhile.over(layer) },
    )
  })

  it("tells what there was when it found that it could not, whatever came after", () => {
    const meanwhile = new Meanwhile()
    return onProjections(
      Effect.gen(function* () {
        yield* rebuilt
        yield* rollback(1, { keep: true })
        meanwhile.other = (tx) => openBeside(tx, "another", 0)
        const { there } = { there: [], ...(yield* removeGeneration(1)) }
        expect(there.map(({ id, state }) => `${id} ${state}`)).toEqual(["1 serving", "2 former"])
        expect(yield* standing).toEqual(["1 serving", "3 beside", "2 former"])
      }),
      { store: (layer) => meanwhile.over(layer) },
    )
  })
})
