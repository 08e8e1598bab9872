/** One socket of one run: a frame is read, decided and answered, each once and in order. */
import { createHash, randomUUID } from "node:crypto"
import type { Context } from "effect"
import type { WebSocket } from "ws"
import { type BindName } from "../../domain/ingest/messages.ts"
import type { RunIntake } from "../../domain/ingest/intake.ts"
import { translateFrame } from "../../domain/ingest/translate.ts"
import { spanClock, type Spans } from "../../domain/ports/spans.ts"
import type { Appender } from "./appender.ts"
import type { Budget } from "./budget.ts"
import type { SocketMetrics } from "./ingest-metrics.ts"
import type { SocketOptions } from "./options.ts"
import { stamp } from "./stamp.ts"

/** What all connections of a gateway share. */
export interface Shared {
  readonly appender: Appender
  readonly bind: BindName
  readonly budget: Budget
  readonly metrics: SocketMetrics
  readonly spans: Context.Service.Shape<typeof Spans>
  readonly options: SocketOptions
}

/** A frame that is not answered yet. `reply` is the text to send, null to close instead, undefined while it is not known. */
interface Pending {
  readonly bytes: number
  readonly since: number
  reply: string | null | undefined
}

/** Larger frames are remembered by their hash. */
const mostKeptBytes = 2 ** 16

export class Connection {
  readonly #socket: WebSocket
  readonly #intake: RunIntake
  readonly #shared: Shared
  readonly #writer = randomUUID()
  readonly #pending: Pending[] = []
  /** Frames read and not yet answered to the last byte, and their bytes. */
  #frames = 0
  #frameBytes = 0
  #seq = 0
  #last: { readonly identity: Buffer; readonly reply: Promise<string> } | null = null
  /** No more frames are taken: what came last had no meaning. */
  #deaf = false
  #paused = false
  #heard = Date.now()
  #pinged = Date.now()
  #leaving = false

  constructor(socket: WebSocket, intake: RunIntake, shared: Shared) {
    this.#socket = socket
    this.#intake = intake
    this.#shared = shared
    socket.on("message", (data, isBinary) => this.#read(data as Buffer, isBinary))
    socket.on("ping", () => this.#hear())
    socket.on("pong", () => this.#hear())
    // Whatever breaks the protocol ends the socket, and `close` follows.
    socket.on("error", () => {})
  }

  /** Milliseconds (Unix) since when the oldest unanswered frame waits. */
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

  /** Pings when it is time, and cuts a client off that has been silent for too long while it was ours to hear it. */
  lookAfter(now: number): void {
    const { pingMs, silentMs } = this.#shared.options
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

  get #full(): boolean {
    const { framesPerSocket, bytesPerSocket } = this.#shared.options
    return this.#frames >= framesPerSocket || this.#frameBytes >= bytesPerSocket
  }

  #hear(): void {
    this.#heard = Date.now()
  }

  #read(frame: Buffer, isBinary: boolean): void {
    this.#hear()
    if (this.#deaf) return
    const pending: Pending = { bytes: frame.length, since: this.#heard, reply: undefined }
    this.#pending.push(pending)
    this.#frames++
    this.#frameBytes += frame.length
    this.#shared.budget.take(frame.length)
    const reply = isBinary ? null : this.#replyTo(frame)
    this.#deaf = reply === null
    if (typeof reply === "string" || reply === null) this.#answer(pending, reply)
    else void reply.then((text) => this.#answer(pending, text))
    if (this.#paused || !(this.#full || this.#shared.budget.spent)) return
    this.#paused = true
    this.#socket.pause()
  }

  /** The reply, at once or when the log has the frame; null where there is none and the socket is to close. */
  #replyTo(frame: Buffer): string | null | Promise<string> {
    // The stock client sends a frame again only so: equal, and right after the first. It is one frame, with one outcome.
    const identity = frame.length <= mostKeptBytes ? frame : createHash("sha256").update(frame).digest()
    if (this.#last?.identity.equals(identity) === true) return this.#last.reply
    const { appender, bind, metrics } = this.#shared
    const serverTime = Date.now() / 1_000
    const reading = translateFrame(frame.toString("utf8"), this.#intake, serverTime, bind)
    if (reading === "not-messages") return null
    metrics.messages(reading.counts)
    const seq = this.#seq++
    const reply = replyText(reading.error)
    this.#last = null
    if (reading.stated.length === 0) return reply
    const events = stamp(reading.stated, this.#writer, seq, serverTime)
    const begun = spanClock()
    const stored = appender.append(this.#intake.runId, events, frame.length).then((refused) => {
      this.#tell(seq, begun, events.length, frame.length)
      if (refused === null) return reply
      return replyText(reading.error === null ? refused : `${reading.error}\n${refused}`)
    })
    this.#last = { identity, reply: stored }
    return stored
  }

  /** How long a frame took until the log had it, if anybody follows it. */
  #tell(seq: number, start: number, events: number, bytes: number): void {
    const of = { writer: this.#writer, seq }
    const { spans } = this.#shared
    if (!spans.follows(of)) return
    spans.record({ name: "append frame", of, start, end: spanClock(), attributes: { run: this.#intake.runId, events, bytes } })
  }

  #answer(pending: Pending, reply: string | null): void {
    pending.reply = reply
    for (let head = this.#pending[0]; head?.reply !== undefined; head = this.#pending[0]) {
      this.#pending.shift()
      this.#send(head.reply, head.bytes)
    }
  }

  /** A reply counts until it has left, so that a client that does not read its replies is not read either. */
  #send(reply: string | null, bytes: number): void {
    const left = (): void => {
      this.#frames--
      this.#frameBytes -= bytes
      this.#shared.budget.give(bytes)
      this.unpause()
      if (this.#leaving) this.leave()
    }
    if (reply === null) this.close(1000, "")
    if (reply === null || this.#socket.readyState !== this.#socket.OPEN) left()
    else this.#socket.send(reply, left)
  }
}

const ok = '{"status":"ok","error":null}'

const replyText = (error: string | null): string => (error === null ? ok : JSON.stringify({ status: "error", error }))
