/** The newest changes, read from the log once for all clients of the stream. */
import { Effect, Stream } from "effect"
import { setTimeout as delay } from "node:timers/promises"
import { type Batch, partitionName, type Starts } from "../../domain/ports/event-log.ts"
import { Changes } from "../../projections/live-changes.ts"
import type { LiveFeed, Stretch } from "../../projections/live-feed.ts"
import type { Gateway } from "./gateway.ts"
import { type Cursors, isReached } from "./live-cursor.ts"
import { type Slice, sliceOf } from "./live-slices.ts"

export interface TailOptions {
  /** Milliseconds between two slices: changes that come sooner wait for each other. */
  readonly sliceMillis: number
  /** With so many changes to tell, nothing more is read until they are told. */
  readonly mostChanges: number
}

/** Milliseconds until the log or the store are tried again. */
const retryMillis = 500

export class Tail {
  readonly #feed: LiveFeed
  readonly #run: Gateway["run"]
  readonly #cursors: Cursors
  readonly #options: TailOptions
  readonly #ended = new AbortController()
  readonly #subscribers = new Set<(slice: Slice) => void>()
  readonly #waiting = new Set<() => void>()
  #next: Starts
  #pending = new Map<string, { readonly changes: Changes; until: number }>()
  #telling: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #toldAt = -Infinity

  private constructor(feed: LiveFeed, run: Gateway["run"], cursors: Cursors, options: TailOptions, next: Starts) {
    this.#feed = feed
    this.#run = run
    this.#cursors = cursors
    this.#options = options
    this.#next = next
  }

  /** Begins where the projections stand. Faults of the log and the store are waited out from then on. */
  static async start(feed: LiveFeed, run: Gateway["run"], cursors: Cursors, options: TailOptions): Promise<Tail> {
    const tail = new Tail(feed, run, cursors, options, await run(feed.shown))
    void tail.#follow()
    return tail
  }

  /** What lies before is folded, and was told to those who had joined. */
  get next(): Starts {
    return this.#next
  }

  /** From `next` on the subscriber is called with every slice, until it leaves by the function answered. */
  join(subscriber: (slice: Slice) => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  /** Done when the tail has come to this place, or the signal aborts. */
  async reached(place: Starts, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !isReached(place, this.#next)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const wake = (): void => resolve()
      this.#waiting.add(wake)
      signal.addEventListener("abort", wake)
      await promise
      this.#waiting.delete(wake)
      signal.removeEventListener("abort", wake)
    }
  }

  end(): void {
    this.#ended.abort()
    clearTimeout(this.#timer)
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#pending = new Map()
      // Only when everything is told that was being told, it is known where to go on.
      await this.#telling
      const following = Stream.runForEach(this.#feed.folded(this.#next), (batch) => Effect.promise(() => this.#take(batch)))
      await this.#run(following, signal).catch(() => this.#pause())
    }
  }

  async #take(batch: Batch): Promise<void> {
    const name = partitionName(batch)
    const stretch = this.#pending.get(name) ?? { changes: new Changes(), until: 0 }
    this.#pending.set(name, stretch)
    for (const record of batch.records) stretch.changes.add(record)
    stretch.until = batch.next
    if (stretch.changes.size >= this.#options.mostChanges) await this.#tell()
    else this.#tellSoon()
  }

  #tellSoon(): void {
    const wait = this.#toldAt + this.#options.sliceMillis - performance.now()
    this.#timer ??= setTimeout(() => void this.#tell(), Math.max(0, wait))
  }

  #tell(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#telling = this.#telling.then(() => this.#tellPending())
    return this.#telling
  }

  async #tellPending(): Promise<void> {
    const pending = this.#pending
    this.#pending = new Map()
    this.#toldAt = performance.now()
    for (const [partition, { changes, until }] of pending) {
      const slice = await this.#sliceOf({ partition, until, changes: changes.list() })
      if (slice === undefined) return
      this.#next = slice.after
      for (const subscriber of this.#subscribers) subscriber(slice)
      for (const wake of this.#waiting) wake()
    }
  }

  /** Undefined once the tail has ended. */
  async #sliceOf(stretch: Stretch): Promise<Slice | undefined> {
    while (!this.#ended.signal.aborted) {
      const place = { before: this.#next, stretch }
      const slice = await sliceOf(this.#feed, this.#run, this.#cursors, place).catch(() => this.#pause())
      if (slice !== undefined) return slice
    }
    return undefined
  }

  async #pause(): Promise<undefined> {
    await delay(retryMillis, undefined, { signal: this.#ended.signal }).catch(() => undefined)
  }
}
