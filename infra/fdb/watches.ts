/** Waiting for a key's value to change, by the cluster's watches: they tell that something changed, never what. */
import type { Transaction as NativeTransaction, Watch } from "foundationdb"
import { isTooManyWatches } from "./faults.ts"
import { getRow, type Place } from "./reading.ts"

/** Milliseconds after which is looked again: where there is a watch, in case it is lost; where there is none, for want of it. */
const recheck = 30_000
const poll = 100

export interface Watching {
  readonly place: () => Promise<Place>
  /** Runs a body in a transaction that it commits itself, again when a fault says so. */
  readonly tried: <A>(body: (tn: NativeTransaction) => Promise<A>) => Promise<A>
  /** Most watches at once. */
  readonly most: number
}

export class Watches {
  readonly #watching: Watching
  #open = 0

  constructor(watching: Watching) {
    this.#watching = watching
  }

  async changed(key: Uint8Array, known: Uint8Array | undefined, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const look = await this.#look(key, known)
      if (look === "changed") return
      if (look === "unwatched") await either(signal, poll)
      else await this.#await(look, signal)
    }
  }

  /** Reads the value and sets a watch on it, in one read version. */
  async #look(key: Uint8Array, known: Uint8Array | undefined): Promise<Watch | "changed" | "unwatched"> {
    const place = await this.#watching.place()
    return this.#watching.tried(async (tn) => {
      const value = await getRow(place, tn.snapshot(), key)
      if (!sameBytes(value, known)) return "changed"
      if (this.#open >= this.#watching.most) return "unwatched"
      const watch = tn.at(place.ground.keys).watch(Buffer.from(key), { throwAllErrors: true })
      try {
        await tn.rawCommit()
      } catch (error) {
        if (isTooManyWatches(error)) return "unwatched"
        throw error
      }
      return watch
    })
  }

  async #await(watch: Watch, signal: AbortSignal): Promise<void> {
    this.#open++
    try {
      let failed = false
      const ended = watch.promise.then(
        () => undefined,
        () => void (failed = true),
      )
      await either(signal, recheck, ended)
      // A watch that fails at once would be set again and again without a rest.
      if (failed) await either(signal, poll)
    } finally {
      this.#open--
      watch.cancel()
    }
  }
}

/** Ends with the signal, with the time, or with what is waited for. */
const either = async (signal: AbortSignal, milliseconds: number, ended?: Promise<void>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  const end = (): void => resolve()
  signal.addEventListener("abort", end)
  if (signal.aborted) resolve()
  await Promise.race([promise, ...(ended === undefined ? [] : [ended])])
  clearTimeout(timer)
  signal.removeEventListener("abort", end)
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
