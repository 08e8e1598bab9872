/** One client of the stream: first what it has missed, from its own place in the log, then what all are told. */
import type { Starts } from "../../domain/ports/event-log.ts"
import type { LiveFeed } from "../../projections/live-feed.ts"
import type { Gateway } from "./gateway.ts"
import { type Cursor, type Cursors, isReached, reachOf } from "./live-cursor.ts"
import type { LiveFilter } from "./live-filter.ts"
import { Mailbox, type Outbox } from "./live-outbox.ts"
import { type LiveEvent, type Slice, sliceOf } from "./live-slices.ts"
import type { Tail } from "./live-tail.ts"

export interface SessionOptions {
  readonly feed: LiveFeed
  readonly run: Gateway["run"]
  readonly cursors: Cursors
  readonly tail: Tail
  readonly filter: LiveFilter
  readonly outbox: Outbox
  /** Aborts when the client has gone or the server drains. */
  readonly signal: AbortSignal
  /** Most events that may wait for the client. */
  readonly mostWaiting: number
  /** Milliseconds between two signs of life. */
  readonly heartbeatMillis: number
}

/** Milliseconds after which a browser connects again. */
const retryMillis = 1_000
/** Changes of a stretch that is caught up on. */
const mostChanges = 1_000
/** After so many times that the log went on while a client caught up, it is told to read anew. */
const mostRounds = 20

const names = { runs: "run", points: "points", entities: "entity" } as const satisfies Record<LiveEvent["topic"], string>

export class LiveSession {
  readonly #options: SessionOptions
  readonly #mailbox: Mailbox
  /** The cursor after everything that was looked at. */
  #id = ""
  #place: Starts = new Map()
  #leave: () => void = () => undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#mailbox = new Mailbox(options.mostWaiting)
  }

  /** Tells the client everything from its cursor on, until the signal aborts; rejects when the log or the store fails it. */
  async serve(from: Cursor): Promise<void> {
    const { outbox, tail, signal, heartbeatMillis } = this.#options
    this.#id = this.#options.cursors.seal(from)
    outbox.write(`retry: ${retryMillis}\nid: ${this.#id}\n\n`)
    const heart = setInterval(() => outbox.isFull || outbox.write(`: still here\nid: ${this.#id}\n\n`), heartbeatMillis)
    try {
      await tail.reached(reachOf(from), signal)
      await this.#close(from)
      await this.#catchUp()
      await this.#goOn()
    } finally {
      clearInterval(heart)
      this.#leave()
    }
  }

  /** Tells the rest of the stretch that the client was in the midst of. */
  async #close({ next, open }: Cursor): Promise<void> {
    this.#place = next
    if (open !== null && !this.#options.signal.aborted) await this.#tellStretch(open.partition, open.until, Infinity, open.told)
  }

  /** Until the client stands where the tail stands; from there on it is told what all are told. */
  async #catchUp(): Promise<void> {
    const { tail, signal } = this.#options
    for (let round = 0; round < mostRounds && !isReached(tail.next, this.#place); round++)
      for (const [partition, until] of tail.next)
        while ((this.#place.get(partition) ?? 0) < until) {
          if (signal.aborted) return
          await this.#tellStretch(partition, until, mostChanges, 0)
        }
    // Nothing is awaited between the look at the tail's place and this, so nothing is missed and nothing told twice.
    const { next } = tail
    this.#leave = tail.join((slice) => this.#mailbox.deliver(slice))
    if (!isReached(next, this.#place)) await this.#reread("lag", this.#options.cursors.seal({ next, open: null }))
  }

  async #goOn(): Promise<void> {
    for (;;) {
      const next = await this.#mailbox.next(this.#options.signal)
      if (next === undefined) return
      if ("lag" in next) await this.#reread("lag", next.lag)
      else await this.#tell(next, 0)
    }
  }

  async #tellStretch(partition: string, until: number, most: number, told: number): Promise<void> {
    const { feed, run, cursors, signal } = this.#options
    const stretch = await run(feed.between(partition, this.#place.get(partition) ?? 0, until, most), signal)
    const slice = await sliceOf(feed, run, cursors, { before: this.#place, stretch })
    await this.#tell(slice, told)
    this.#place = slice.after
  }

  /** All events of a slice but the first `told`. */
  async #tell(slice: Slice, told: number): Promise<void> {
    const { filter, outbox, signal } = this.#options
    const judgement = await filter.judge(slice)
    if (judgement === undefined) return this.#reread("filter", slice.id)
    for (const event of slice.events.slice(told)) {
      const data = judgement(event)
      if (data !== null) {
        await outbox.room()
        if (signal.aborted) return
        outbox.write(`event: ${names[event.topic]}\nid: ${event.id}\ndata: ${data}\n\n`)
      }
      this.#id = event.id
    }
    this.#id = slice.id
  }

  async #reread(reason: "lag" | "filter", id: string): Promise<void> {
    await this.#options.outbox.room()
    this.#id = id
    this.#options.outbox.write(`event: reread\nid: ${id}\ndata: {"reason":"${reason}"}\n\n`)
  }
}
