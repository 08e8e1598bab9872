/** One socket of one run: a frame is read, decided and answered, each once and in order. */
import type { Clock, Context } from "effect"
import type { WebSocket } from "ws"
import type { BindName } from "../../domain/ingest/messages.ts"
import type { Spans } from "../../domain/ports/spans.ts"
import { steadyMillisOf } from "../../domain/ports/steady-time.ts"
import type { Appender } from "./appender.ts"
import type { Budget } from "./budget.ts"
import type { SocketMetrics } from "./ingest-metrics.ts"
import type { SocketOptions } from "./options.ts"

/** What all connections of a gateway share. */
export interface Shared {
  readonly appender: Appender
  readonly bind: BindName
  readonly budget: Budget
  readonly metrics: SocketMetrics
  readonly spans: Context.Service.Shape<typeof Spans>
  readonly options: SocketOptions
  readonly clock: Clock.Clock
  /** Draws a UUID. */
  readonly newId: () => string
}

/** How the frames of a connection are understood and answered. */
export interface Dialect {
  /** Sent when the connection opens. */
  readonly greeting: string | null
  /** The answer, at once or when the log has the frame. */
  readonly reply: (frame: Buffer, isBinary: boolean) => Reply | Promise<string>
}

/** A text to send, or how to close instead, after which nothing more is taken: what came had no meaning. */
export type Reply = string | Closing

interface Closing {
  readonly code: number
  readonly reason: string
}

/** A frame that is not answered yet. `reply` is undefined while it is not known. */
interface Pending {
  readonly bytes: number
  /** Steady milliseconds. */
  readonly since: number
  reply: Reply | undefined
}

export class Connection {
  readonly #socket: WebSocket
  readonly #dialect: Dialect
  readonly #shared: Pick<Shared, "budget" | "clock" | "options">
  readonly #pending: Pending[] = []
  /** Frames read and not yet answered to the last byte, and their bytes. */
  #frames = 0
  #frameBytes = 0
  /** No more frames are taken: what came last had no meaning. */
  #deaf = false
  #paused = false
  #heard: number
  #pinged: number
  #leaving = false

  constructor(socket: WebSocket, dialect: Dialect, shared: Pick<Shared, "budget" | "clock" | "options">) {
    this.#socket = socket
    this.#dialect = dialect
    this.#shared = shared
    this.#heard = this.#pinged = this.#now
    socket.on("message", (data, isBinary) => this.#read(data as Buffer, isBinary))
    socket.on("ping", () => this.#hear())
    socket.on("pong", () => this.#hear())
    // Whatever breaks the protocol ends the socket, and `close` follows.
    socket.on("error", () => {})
    if (dialect.greeting !== null) socket.send(dialect.greeting)
  }

  /** Steady milliseconds since when the oldest unanswered frame waits. */
  get waitingSince(): number | undefined {
    return this.#pending[0]?.since
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
    // Else the other side's own close would never be read.
    this.#socket.resume()
  }

  /** Closes with 1001 when all that was read is answered. What comes before the other side hears of it is still stored. */
  leave(): void {
    this.#leaving = true
    if (this.#frames === 0) this.close(1001, "the gateway is shutting down")
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /**
   * Pings when it is time, and cuts a client off that has been silent for too long while it was ours to hear it; for the
   * last `deafMs` nobody was heard.
   */
  lookAfter(now: number, deafMs: number): void {
    const { pingMs, silentMs } = this.#shared.options
    this.#heard = Math.min(now, this.#heard + deafMs)
    const waits = this.#paused && this.#pending.some(({ reply }) => reply === undefined)
    if (waits) this.#heard = now
    else if (now - this.#heard > silentMs) return this.#socket.terminate()
    if (now - this.#pinged < pingMs || this.#socket.readyState !== this.#socket.OPEN) return
    this.#pinged = now
    this.#socket.ping()
  }

  /** Reads on, if it may by its own measure. */
  unpause(): void {
    if (!this.#paused || this.#full) return
    this.#paused = false
    this.#socket.resume()
  }

  get #now(): number {
    return steadyMillisOf(this.#shared.clock)
  }

  get #full(): boolean {
    const { framesPerSocket, bytesPerSocket } = this.#shared.options
    return this.#frames >= framesPerSocket || this.#frameBytes >= bytesPerSocket
  }

  #hear(): void {
    this.#heard = this.#now
  }

  #read(frame: Buffer, isBinary: boolean): void {
    this.#hear()
    if (this.#deaf) return
    const pending: Pending = { bytes: frame.length, since: this.#heard, reply: undefined }
    this.#pending.push(pending)
    this.#frames++
    this.#frameBytes += frame.length
    this.#shared.budget.take(frame.length)
    const reply = this.#dialect.reply(frame, isBinary)
    if (reply instanceof Promise) void reply.then((text) => this.#answer(pending, text))
    else {
      this.#deaf = typeof reply !== "string"
      this.#answer(pending, reply)
    }
    if (this.#paused || !(this.#full || this.#shared.budget.spent)) return
    this.#paused = true
    this.#socket.pause()
  }

  #answer(pending: Pending, reply: Reply): void {
    pending.reply = reply
    for (let head = this.#pending[0]; head?.reply !== undefined; head = this.#pending[0]) {
      this.#pending.shift()
      this.#send(head.reply, head.bytes)
    }
  }

  /** A reply counts until it has left, so that a client that does not read its replies is not read either. */
  #send(reply: Reply, bytes: number): void {
    const left = (): void => {
      this.#frames--
      this.#frameBytes -= bytes
      this.#shared.budget.give(bytes)
      this.unpause()
      if (this.#leaving) this.leave()
    }
    if (typeof reply !== "string") this.close(reply.code, reply.reason)
    if (typeof reply !== "string" || this.#socket.readyState !== this.#socket.OPEN) left()
    else this.#socket.send(reply, left)
  }
}
