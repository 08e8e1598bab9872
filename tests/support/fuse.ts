/** A process that dies at some call of a port: from then on nothing of it reaches the outside. */
import { Effect, Layer } from "effect"
import { BlobStore, BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import { EventLog, LogUnavailable } from "../../domain/ports/event-log.ts"
import { KeyValueStore, StoreUnavailable } from "../../domain/ports/key-value-store.ts"

/** Whether the call that it dies at is still carried out. */
export type Last = "before" | "after"

export class Fuse {
  #left = Number.POSITIVE_INFINITY
  #last: Last = "before"
  isBlown = false

  /** Sound again, as a process that was started anew; it blows at the call after so many. */
  renew(calls = Number.POSITIVE_INFINITY, last: Last = "before"): void {
    this.#left = calls
    this.#last = last
    this.isBlown = false
  }

  over<E>(ports: Layer.Layer<BlobStore | EventLog | KeyValueStore, E>): Layer.Layer<BlobStore | EventLog | KeyValueStore, E> {
    const log = Effect.map(EventLog, (port) => ({
      ...port,
      append: (events: Parameters<typeof port.append>[0]) => this.#call(port.append(events), new LogUnavailable({ message })),
    }))
    const blobs = Effect.map(BlobStore, (port) => ({
      ...port,
      list: (...asked: Parameters<typeof port.list>) => this.#call(port.list(...asked), new BlobStoreUnavailable({ message })),
      remove: (keys: readonly string[]) => this.#call(port.remove(keys), new BlobStoreUnavailable({ message })),
    }))
    const store = Effect.map(KeyValueStore, (port): KeyValueStore["Service"] => ({
      ...port,
      read: (body) => this.#call(port.read(body), new StoreUnavailable({ message })),
    }))
    return Layer.mergeAll(Layer.effect(EventLog, log), Layer.effect(BlobStore, blobs), Layer.effect(KeyValueStore, store)).pipe(
      Layer.provide(ports),
    )
  }

  #call<A, E, F>(call: Effect.Effect<A, E>, dead: F): Effect.Effect<A, E | F> {
    return Effect.suspend((): Effect.Effect<A, E | F> => {
      if (this.isBlown) return Effect.fail(dead)
      if (this.#left-- > 0) return call
      this.isBlown = true
      return this.#last === "before" ? Effect.fail(dead) : Effect.andThen(call, Effect.fail(dead))
    })
  }
}

const message = "the process is dead"
