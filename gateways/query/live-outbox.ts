/** What waits to be sent to one client of the stream, and never much of it. */
import { Readable } from "node:stream"
import type { Slice } from "./live-slices.ts"

/** Bytes from which on nothing more is written until the client has read. */
const fullBytes = 64 * 1024

/** The body of an answer that goes on until the signal aborts. */
export class Outbox extends Readable {
  readonly #signal: AbortSignal
  #room = Promise.withResolvers<void>()
  #isFull = false

  constructor(signal: AbortSignal) {
    super({ highWaterMark: fullBytes })
    this.#signal = signal
    signal.addEventListener("abort", () => this.#room.resolve())
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** Takes a text though it may be full; whoever has many waits for {@link room} between them. */
  write(text: string): void {
    if (!this.destroyed && !this.push(text)) this.#isFull = true
  }

  /** Ends the answer after what was written; at once where the client does not read. */
  end(): void {
    if (this.#isFull) this.destroy()
    else if (!this.destroyed) this.push(null)
  }

  /** Done when the client has read, or the signal aborts. */
  async room(): Promise<void> {
    if (this.#isFull && !this.#signal.aborted) await this.#room.promise
  }

  override _read(): void {
    this.#isFull = false
    this.#room.resolve()
    this.#room = Promise.withResolvers()
  }
}

/** Slices on their way to one client. When there are too many, all are dropped, for then it has to read everything anew. */
export class Mailbox {
  readonly #most: number
  #slices: Slice[] = []
  #events = 0
  /** The cursor after what was dropped last. */
  #lag: string | null = null
  #wake: (() => void) | null = null

  /** `most`: events that may wait; one slice may always. */
  constructor(most: number) {
    this.#most = most
  }

  /** How many events wait. */
  get size(): number {
    return this.#events
  }

  deliver(slice: Slice): void {
    const isTooMuch = this.#slices.length > 0 && this.#events + slice.events.length > this.#most
    if (this.#lag !== null || isTooMuch) {
      this.#slices = []
      this.#events = 0
      this.#lag = slice.id
    } else {
      this.#slices.push(slice)
      this.#events += slice.events.length
    }
    this.#wake?.()
  }

  /** The next slice, or the cursor after those that were dropped; undefined once the signal aborts. */
  async next(signal: AbortSignal): Promise<Slice | { readonly lag: string } | undefined> {
    while (!signal.aborted) {
      const lag = this.#lag
      const slice = this.#slices.shift()
      this.#lag = null
      if (lag !== null) return { lag }
      if (slice !== undefined) {
        this.#events -= slice.events.length
        return slice
      }
      await this.#delivery(signal)
    }
    return undefined
  }

  #delivery(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake)
        this.#wake = null
        resolve()
      }
      signal.addEventListener("abort", wake)
      this.#wake = wake
    })
  }
}
