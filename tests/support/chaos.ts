/** A store that fails in the ways a real one does, as a layer over any adapter. */
import { Effect, Layer } from "effect"
import {
  KeyValueStore,
  type Reader,
  StoreUnavailable,
  type Transaction,
  type WriteOptions,
} from "../../domain/ports/key-value-store.ts"

/** How one write goes wrong. */
export type Fault =
  | "none"
  /** The body ran, but nothing was committed. */
  | "lost"
  /** Everything was committed, but the answer got lost: FoundationDB's commit_unknown_result. */
  | "unknown"
  /** The body ran, was thrown away, and ran again: a conflict. */
  | "twice"
  /** The process died in the middle of the body, after this many of its writes. */
  | number

export const chaos =
  (nextFault: () => Fault) =>
  (layer: Layer.Layer<KeyValueStore, unknown>): Layer.Layer<KeyValueStore, unknown> =>
    Layer.effect(
      KeyValueStore,
      Effect.map(KeyValueStore, (store): KeyValueStore["Service"] => ({
        ...store,
        write: (body, options) =>
          Effect.suspend(() => {
            const fault = nextFault()
            if (fault === "none") return store.write(body, options)
            if (fault === "unknown") return store.write(body, options).pipe(Effect.andThen(Effect.fail(unavailable)))
            if (fault === "twice")
              return Effect.andThen(Effect.exit(thrownAway(store, body, options)), store.write(body, options))
            const most = fault === "lost" ? Number.POSITIVE_INFINITY : fault
            return store.write(async (tx) => {
              await body(dyingAfter(tx, most))
              throw unavailable
            }, options)
          }),
      })),
    ).pipe(Layer.provide(layer))

/** A store that runs each body that reads several times, as {@link runAgain}; `tries` is asked for each. */
export const readingAgain =
  (tries: () => readonly number[]) =>
  (layer: Layer.Layer<KeyValueStore, unknown>): Layer.Layer<KeyValueStore, unknown> =>
    Layer.effect(
      KeyValueStore,
      Effect.map(KeyValueStore, (store): KeyValueStore["Service"] => ({
        ...store,
        read: (body) => store.read(async (tx) => runAgain(tx, body, tries())),
      })),
    ).pipe(Layer.provide(layer))

/**
 * Runs a body that reads in vain, once for each of `tries`: it fails after so many reads, as where a view is too old, or comes to
 * its end and is run again for nothing. Answers what it answers the last time, when all goes well.
 */
export const runAgain = async <A>(tx: Reader, body: (tx: Reader) => Promise<A>, tries: readonly number[]): Promise<A> => {
  for (const most of tries) {
    try {
      await body(failingAfter(tx, most))
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }
  return body(tx)
}

const failingAfter = (tx: Reader, most: number): Reader => {
  let left = most
  const counted = (): void => {
    if (left-- <= 0) throw new StoreUnavailable({ message: "injected" })
  }
  return {
    get: async (key) => (counted(), tx.get(key)),
    range: async (begin, end, options) => (counted(), tx.range(begin, end, options)),
    chunks: async function* (begin, end, options) {
      for await (const chunk of tx.chunks(begin, end, options)) {
        counted()
        yield chunk
      }
    },
    directory: async (path) => (counted(), tx.directory(path)),
    directories: async (path) => (counted(), tx.directories(path)),
  }
}

const unavailable = new StoreUnavailable({ message: "injected" })

/** Reads the real transaction and drops the writes, as an attempt that a conflict throws away. */
/** Runs a body in a transaction that comes to nothing, the directories that it makes and moves included. */
const thrownAway = <A>(store: KeyValueStore["Service"], body: (tx: Transaction) => Promise<A>, options?: WriteOptions) =>
  store.write(async (tx) => {
    await body(tx)
    throw unavailable
  }, options)

const dyingAfter = (tx: Transaction, most: number): Transaction => {
  let left = most
  const counted =
    <A extends readonly unknown[]>(write: (...parts: A) => void) =>
    (...parts: A): void => {
      if (left-- <= 0) throw unavailable
      write(...parts)
    }
  return {
    ...reads(tx),
    set: counted((key: Uint8Array, value: Uint8Array) => tx.set(key, value)),
    clear: counted((key: Uint8Array) => tx.clear(key)),
    clearRange: counted((begin: Uint8Array, end: Uint8Array) => tx.clearRange(begin, end)),
    add: counted((key: Uint8Array, delta: bigint) => tx.add(key, delta)),
  }
}

/** All of a transaction but its writes; it is an instance of a class, so its methods are bound one by one. */
const reads = (tx: Transaction): Transaction => ({
  get: (key) => tx.get(key),
  range: (begin, end, options) => tx.range(begin, end, options),
  chunks: (begin, end, options) => tx.chunks(begin, end, options),
  directory: (path) => tx.directory(path),
  directories: (path) => tx.directories(path),
  set: (key, value) => tx.set(key, value),
  clear: (key) => tx.clear(key),
  clearRange: (begin, end) => tx.clearRange(begin, end),
  add: (key, delta) => tx.add(key, delta),
  createDirectory: (path) => tx.createDirectory(path),
  moveDirectory: (from, to) => tx.moveDirectory(from, to),
  removeDirectory: (path) => tx.removeDirectory(path),
})
