/** A store in which no transaction may write what says some words: a fault of the fold that passes when the curse is lifted. */
import { Effect, Layer } from "effect"
import { KeyValueStore, type Transaction } from "../../domain/ports/key-value-store.ts"

export class Curse {
  /** What a key or value must not hold; undefined: nothing is cursed. */
  word: string | undefined
  /** So many writes fail, then the curse is lifted. */
  times = Number.POSITIVE_INFINITY

  over<E>(layer: Layer.Layer<KeyValueStore, E>): Layer.Layer<KeyValueStore, E> {
    return Layer.effect(
      KeyValueStore,
      Effect.map(KeyValueStore, (store) => ({
        ...store,
        write: <A>(body: (tx: Transaction) => Promise<A>) => store.write((tx) => body(this.#cursed(tx))),
      })),
    ).pipe(Layer.provide(layer))
  }

  #cursed(tx: Transaction): Transaction {
    return new Proxy(tx, {
      get: (target, name) => {
        if (name === "set")
          return (key: Uint8Array, value: Uint8Array) => {
            this.#check(key, value)
            target.set(key, value)
          }
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === "function" ? member.bind(target) : member
      },
    })
  }

  #check(key: Uint8Array, value: Uint8Array): void {
    // Dead letters tell of it, and are written nonetheless.
    const { word } = this
    if (word === undefined || this.times <= 0 || Buffer.from(key).includes("letter")) return
    if (!Buffer.from(key).includes(word) && !Buffer.from(value).includes(word)) return
    this.times--
    throw new TypeError("a curse lies on this")
  }
}
