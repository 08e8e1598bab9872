/** The HTTP server that both gateways start from: request ids, CORS, time-outs and metrics; the routes are their own. */
import cors from "@fastify/cors"
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify"
import { randomUUID } from "node:crypto"
import type { HttpMetrics } from "./metrics.ts"

export interface HttpOptions {
  /** Origins whose pages may call, with credentials; `*` allows any. */
  readonly corsOrigins: readonly string[]
  /** Most bytes of a body that is read whole. */
  readonly bodyBytes: number
  /** How long a client may take to send its headers, in milliseconds. */
  readonly headersTimeoutMs: number
  readonly metrics: HttpMetrics
}

/** A server that does not listen yet. Each answer bears `X-Request-ID`, and each request is counted under its route. */
export const httpServer = async (options: HttpOptions): Promise<FastifyInstance> => {
  const server = Fastify({
    genReqId: () => randomUUID(),
    bodyLimit: options.bodyBytes,
    // Bodies may be long uploads, so a request may take any time; but its headers must come soon, and something always.
    requestTimeout: 0,
    connectionTimeout: 120_000,
    // Queries travel in the address: the stock UI names hundreds of runs in one.
    http: {
      headersTimeout: options.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(options.headersTimeoutMs, 5_000),
      maxHeaderSize: 256 * 1024,
    },
    // Ids and names in paths, percent-encoded.
    routerOptions: { maxParamLength: 2_048 },
    frameworkErrors: ({ message, statusCode = 400 }, _request, reply: FastifyReply) => {
      void reply.code(statusCode).send({ error: { code: "bad_request", message }, detail: message, message })
    },
    forceCloseConnections: "idle",
  })
  await server.register(cors, {
    origin: options.corsOrigins.includes("*") ? true : [...options.corsOrigins],
    credentials: true,
    methods: ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
    exposedHeaders: ["X-Request-ID", "X-Matyan-Position", "X-Next-Cursor"],
    maxAge: 600,
  })
  server.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id)
  })
  server.addHook("onResponse", async (request, reply) => {
    // The route's pattern, never the address itself: labels must stay few.
    const path = request.routeOptions.url ?? "unknown"
    options.metrics.observe(request.method, path, reply.statusCode, reply.elapsedTime / 1_000)
  })
  return server
}
