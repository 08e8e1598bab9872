/** Work that ends with its client. */
import type { FastifyReply } from "fastify"

/** Aborts when the client is gone, or answered. */
export const signalOf = (reply: FastifyReply): AbortSignal => {
  const gone = new AbortController()
  reply.raw.once("close", () => gone.abort())
  return gone.signal
}
