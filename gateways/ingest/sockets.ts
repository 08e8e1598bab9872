/** All sockets of a gateway: opened, looked after, and drained at the end. */
import { type Clock, Effect } from "effect"
import type { WebSocket } from "ws"
import type { EventLog } from "../../domain/ports/event-log.ts"
import type { BindName } from "../../domain/ingest/messages.ts"
import type { IngestLimits } from "../../domain/limits.ts"
import { steadyMillisOf } from "../../domain/ports/steady-time.ts"
import { Appender, type Run } from "./appender.ts"
import { Budget } from "./budget.ts"
import { Connection, type Shared } from "./connection.ts"
import { FrameDialect, frameProtocol } from "./frame-dialect.ts"
import type { SocketMetrics } from "./ingest-metrics.ts"
import { Intakes } from "./intakes.ts"
import type { SocketOptions } from "./options.ts"
import { StockDialect } from "./stock-dialect.ts"

/** What sockets work with. */
export interface Means {
  readonly log: EventLog["Service"]
  readonly bind: BindName
  readonly metrics: SocketMetrics
  readonly spans: Shared["spans"]
  readonly run: Run
  readonly clock: Clock.Clock
  /** Draws a UUID. */
  readonly newId: () => string
}

export class Sockets {
  readonly #connections = new Set<Connection>()
  readonly #intakes: Intakes
  readonly #shared: Shared
  readonly #options: SocketOptions
  readonly #run: Run
  /** Aborts when nothing is to be looked after any longer. */
  readonly #over = new AbortController()
  /** A frame waited for the log in vain, and no append has gone through since. */
  #logAway = false
  /** Why appends fail, and since when (steady milliseconds); null where the last one did not. */
  #failing: { readonly fault: string; readonly since: number } | null = null
  /** When the sockets were last looked after, in steady milliseconds. */
  #looked: number
  #draining = false
  /** Set once names are known, without which nothing can be bound. */
  named = false
  #onClosed: () => void = () => {}

  constructor({ log, run, ...means }: Means, limits: IngestLimits, options: SocketOptions) {
    this.#options = options
    this.#run = run
    this.#intakes = new Intakes(limits)
    const appender = new Appender(log, run, (fault) => {
      if (fault === null) this.#logAway = false
      this.#failing = fault === null ? null : { fault, since: this.#failing?.since ?? this.#now }
    })
    const budget = new Budget(options.bytesInFlight, () => {
      for (const connection of this.#connections) connection.unpause()
    })
    this.#shared = { ...means, appender, budget, options }
    this.#looked = this.#now
    const look = Effect.delay(
      Effect.sync(() => this.#lookAfter()),
      options.tickMs,
    )
    this.#until(Effect.forever(look), this.#over.signal)
  }

  /** Why no socket may be opened now, or null. */
  get refusal(): string | null {
    if (this.#draining) return "the gateway is shutting down"
    if (this.trouble !== null) return this.trouble
    return this.#connections.size >= this.#options.mostSockets
      ? `${this.#options.mostSockets} sockets are open, the most held`
      : null
  }

  /** What must pass before any socket is opened, or null. */
  get trouble(): string | null {
    if (!this.named) return "the gateway is starting"
    return this.#logAway ? "the log is away" : null
  }

  /** Why it does not do its work, for those who ask for its health, or null. */
  get illness(): string | null {
    if (this.trouble !== null || this.#failing === null) return this.trouble
    return this.#now - this.#failing.since < shortFault ? null : this.#failing.fault
  }

  open(socket: WebSocket, runId: string): void {
    const Spoken = socket.protocol === frameProtocol ? FrameDialect : StockDialect
    const connection = new Connection(socket, new Spoken(this.#intakes.open(runId), this.#shared), this.#shared)
    const since = this.#now
    this.#connections.add(connection)
    this.#shared.metrics.opened()
    socket.on("close", () => {
      this.#connections.delete(connection)
      this.#intakes.closed(runId)
      this.#shared.metrics.closed((this.#now - since) / 1_000)
      this.#onClosed()
    })
  }

  /** Opens no more, closes each socket once its frames are answered, and cuts what is left after the drain's time. */
  async drain(): Promise<void> {
    this.#draining = true
    const end = this.#now + this.#options.drainMs
    const cut = Effect.sync(() => {
      for (const connection of this.#connections) connection.terminate()
    })
    const drained = new AbortController()
    this.#until(Effect.delay(cut, this.#options.drainMs), drained.signal)
    for (const connection of this.#connections) connection.leave()
    await new Promise<void>((resume) => {
      this.#onClosed = () => {
        if (this.#connections.size === 0) resume()
      }
      this.#onClosed()
    })
    drained.abort()
    this.#over.abort()
    await this.#shared.appender.stop(end - this.#now)
  }

  get #now(): number {
    return steadyMillisOf(this.#shared.clock)
  }

  /** Runs beside, until the signal aborts. */
  #until(effect: Effect.Effect<void>, signal: AbortSignal): void {
    this.#run(effect, signal).catch(() => undefined)
  }

  #lookAfter(): void {
    const now = this.#now
    // Where this look comes late the process stood still, and what was sent to it meanwhile is not read yet.
    const deafMs = Math.max(0, now - this.#looked - this.#options.tickMs)
    this.#looked = now
    for (const connection of this.#connections) {
      connection.lookAfter(now, deafMs)
      const since = connection.waitingSince
      if (since === undefined || now - since < this.#options.holdMs) continue
      this.#logAway = true
      connection.close(1013, "the log is away")
    }
  }
}

/** What passes within so many milliseconds, nobody need hear of. */
const shortFault = 2_000
