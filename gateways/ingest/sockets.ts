/** All sockets of a gateway: opened, looked after, and drained at the end. */
import type { WebSocket } from "ws"
import type { EventLog } from "../../domain/ports/event-log.ts"
import type { BindName } from "../../domain/ingest/messages.ts"
import type { IngestLimits } from "../../domain/limits.ts"
import { Appender } from "./appender.ts"
import { Budget } from "./budget.ts"
import { Connection, type Shared } from "./connection.ts"
import type { SocketMetrics } from "./ingest-metrics.ts"
import { Intakes } from "./intakes.ts"
import type { SocketOptions } from "./options.ts"

/** What sockets work with. */
export interface Means {
  readonly log: EventLog["Service"]
  readonly bind: BindName
  readonly metrics: SocketMetrics
  readonly spans: Shared["spans"]
}

export class Sockets {
  readonly #connections = new Set<Connection>()
  readonly #intakes: Intakes
  readonly #shared: Shared
  readonly #options: SocketOptions
  readonly #care: NodeJS.Timeout
  /** A frame waited for the log in vain, and no append has gone through since. */
  #logAway = false
  #draining = false
  /** Set once names are known, without which nothing can be bound. */
  named = false
  #onClosed: () => void = () => {}

  constructor({ log, spans, metrics, bind }: Means, limits: IngestLimits, options: SocketOptions) {
    this.#options = options
    this.#intakes = new Intakes(limits)
    const appender = new Appender(log, (away) => {
      if (!away) this.#logAway = false
    })
    const budget = new Budget(options.bytesInFlight, () => {
      for (const connection of this.#connections) connection.unpause()
    })
    this.#shared = { appender, bind, budget, metrics, spans, options }
    this.#care = setInterval(() => this.#lookAfter(), options.tickMs)
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

  open(socket: WebSocket, runId: string): void {
    const connection = new Connection(socket, this.#intakes.open(runId), this.#shared)
    const since = performance.now()
    this.#connections.add(connection)
    this.#shared.metrics.opened()
    socket.on("close", () => {
      this.#connections.delete(connection)
      this.#intakes.closed(runId)
      this.#shared.metrics.closed((performance.now() - since) / 1_000)
      this.#onClosed()
    })
  }

  /** Opens no more, closes each socket once its frames are answered, and cuts what is left after the drain's time. */
  async drain(): Promise<void> {
    this.#draining = true
    const end = Date.now() + this.#options.drainMs
    const cut = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate()
    }, this.#options.drainMs)
    for (const connection of this.#connections) connection.leave()
    await new Promise<void>((resume) => {
      this.#onClosed = () => {
        if (this.#connections.size === 0) resume()
      }
      this.#onClosed()
    })
    clearTimeout(cut)
    clearInterval(this.#care)
    await this.#shared.appender.stop(end)
  }

  #lookAfter(): void {
    const now = Date.now()
    for (const connection of this.#connections) {
      connection.lookAfter(now)
      const since = connection.waitingSince
      if (since === undefined || now - since < this.#options.holdMs) continue
      this.#logAway = true
      connection.close(1013, "the log is away")
    }
  }
}
