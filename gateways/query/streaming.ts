/** Sends long answers: in chunks as the client takes them, and not a moment longer than it is there. */
import { Readable } from "node:stream"
import { setImmediate as nextTurn } from "node:timers/promises"
import type { FastifyReply } from "fastify"
import { Rows } from "../../projections/rows.ts"
import { HttpFault } from "./errors.ts"

/** Bytes after which a page of an answer is handed over. */
export const pageBytes = 128 * 1024

/** Milliseconds of work after which others get their turn. */
const turnMs = 10

/** Aborts when the client has gone, or the answer is complete. */
export const clientSignal = (reply: FastifyReply): AbortSignal => {
  const gone = new AbortController()
  if (reply.raw.destroyed) gone.abort()
  reply.raw.once("close", () => gone.abort())
  return gone.signal
}

/** Sends what the generator makes; it goes on only as fast as the client reads, and is ended when the client goes. */
export const sendStream = (reply: FastifyReply, chunks: AsyncGenerator<Uint8Array>): FastifyReply =>
  reply
    .code(200)
    .type("application/octet-stream")
    .send(Readable.from(notEmpty(chunks), { objectMode: false, highWaterMark: pageBytes }))

/** An empty chunk would end a byte stream. */
async function* notEmpty(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) if (chunk.length > 0) yield chunk
}

/** Lets long work give way now and then; throws when nobody waits for it any longer. */
export class Turns {
  readonly #signal: AbortSignal
  #since = performance.now()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** To be called between two pieces of work that are short. */
  async give(): Promise<void> {
    if (performance.now() - this.#since < turnMs) return
    await nextTurn()
    this.#since = performance.now()
    this.check()
  }

  check(): void {
    if (this.#signal.aborted) throw new HttpFault(499, "The client has gone")
  }
}

/** Rows whose long ranges give others their turn after each chunk. */
export const rowsInTurns = ({ tx, generation }: Rows, turns: Turns): Rows =>
  new Rows(
    {
      get: (key) => tx.get(key),
      range: (begin, end, options) => tx.range(begin, end, options),
      chunks: async function* (begin, end, options) {
        for await (const chunk of tx.chunks(begin, end, options)) {
          yield chunk
          await turns.give()
        }
      },
      directory: (path) => tx.directory(path),
      directories: (path) => tx.directories(path),
    },
    generation,
  )
