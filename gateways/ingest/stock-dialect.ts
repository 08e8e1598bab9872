/** The protocol of the Python client: frames of JSON text, answered in order, one writer per connection. */
import { createHash } from "node:crypto"
import type { RunIntake } from "../../domain/ingest/intake.ts"
import { translateFrame } from "../../domain/ingest/translate.ts"
import type { Dialect, Reply, Shared } from "./connection.ts"
import { store, together } from "./storing.ts"

/** Larger frames are remembered by their hash. */
const mostKeptBytes = 2 ** 16

export class StockDialect implements Dialect {
  readonly greeting = null
  readonly #intake: RunIntake
  readonly #shared: Shared
  readonly #writer: string
  #seq = 0
  #last: { readonly identity: Buffer; readonly reply: Promise<string> } | null = null

  constructor(intake: RunIntake, shared: Shared) {
    this.#intake = intake
    this.#shared = shared
    this.#writer = shared.newId()
  }

  reply(frame: Buffer, isBinary: boolean): Reply | Promise<string> {
    if (isBinary) return meaningless
    // The client sends a frame again only so: equal, and right after the first. It is one frame, with one outcome.
    const identity = frame.length <= mostKeptBytes ? frame : createHash("sha256").update(frame).digest()
    if (this.#last?.identity.equals(identity) === true) return this.#last.reply
    const { bind, clock, metrics } = this.#shared
    const serverTime = clock.currentTimeMillisUnsafe() / 1_000
    const reading = translateFrame(frame.toString("utf8"), this.#intake, serverTime, bind)
    if (reading === "not-messages") return meaningless
    metrics.messages(reading.counts)
    const seq = this.#seq++
    this.#last = null
    if (reading.stated.length === 0) return replyText(reading.error)
    const stamp = { writer: this.#writer, seq, serverTime, bytes: frame.length }
    const stored = store(this.#shared, this.#intake, reading.stated, stamp)
    const reply = stored.then(({ refused }) => replyText(together(reading.error, refused)))
    this.#last = { identity, reply }
    return reply
  }
}

const meaningless = { code: 1000, reason: "" }

const ok = '{"status":"ok","error":null}'

const replyText = (error: string | null): string => (error === null ? ok : JSON.stringify({ status: "error", error }))
