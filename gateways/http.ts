/** The HTTP server that both gateways start from: request ids, CORS, time-outs and metrics; the routes are their own. */
import cors from "@fastify/cors"
import { Data, Effect } from "effect"
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController, type FastifyReply } from "fastify"
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
  /** Whether WebSockets are opened here. Any other upgrade is answered as the request that it also is. */
  readonly hasSockets?: boolean
  /** Takes what goes wrong within requests; nobody hears of it by default. */
  readonly logger?: FastifyBaseLogger | undefined
}

/** A server that does not listen yet. Each answer bears `X-Request-ID`, and each request is counted under its route. */
export const httpServer = async (options: HttpOptions): Promise<FastifyInstance> => {
  const server = Fastify({
    genReqId: () => randomUUID(),
    ...(options.logger === undefined
      ? {}
      : { loggerInstance: options.logger, logController: new LogController({ disableRequestLogging: true }) }),
    bodyLimit: options.bodyBytes,
    // Bodies may be long uploads, so a request may take any time; but its headers must come soon, and something always.
    requestTimeout: 0,
    connectionTimeout: 120_000,
    // Queries travel in the address: the stock UI names hundreds of runs in one.
    http: {
      headersTimeout: options.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(options.headersTimeoutMs, 5_000),
      maxHeaderSize: 256 * 1024,
      shouldUpgradeCallback: ({ method, headers }) =>
        options.hasSockets === true && method === "GET" && headers.upgrade?.toLowerCase() === "websocket",
    },
    // Ids and names in paths, percent-encoded.
    routerOptions: { maxParamLength: 2_048 },
    frameworkErrors: ({ message, statusCode = 400 }, _request, reply: FastifyReply) => {
      void reply.code(statusCode).send({ error: { code: "bad_request", message }, detail: message, message })
    },
    forceCloseConnections: "idle",
  })
  // Node drops what lies in one chunk behind the body of a request that would upgrade: the next request on the connection.
  server.server.prependListener("request", (request, response) => {
    if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false
  })
  await server.register(cors, {
    origin: options.corsOrigins.includes("*") ? true : [...options.corsOrigins],
    credentials: true,
    methods: ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
    exposedHeaders: [
      "ETag",
      "X-Request-ID",
      "X-Matyan-As-Of",
      "X-Matyan-Id",
      "X-Matyan-Lag",
      "X-Matyan-Position",
      "X-Next-Cursor",
    ],
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

/** The port could not be listened at. */
export class CannotListen extends Data.TaggedError("CannotListen")<{ readonly message: string; readonly cause: unknown }> {}

/** Listens, and answers the port: the one asked for, or where that is 0 the one that was free. */
export const listen = (server: FastifyInstance, host: string, port: number): Effect.Effect<number, CannotListen> =>
  Effect.tryPromise({
    try: () => server.listen({ host, port }),
    catch: (cause) => new CannotListen({ message: `cannot listen at ${host}:${port}`, cause }),
  }).pipe(
    Effect.map(() => {
      const address = server.server.address()
      return typeof address === "object" && address !== null ? address.port : port
    }),
  )

/** Answers what is under way, then ends; a connection that says nothing, or goes on for longer than that, is cut. */
export const closeServer = async (server: FastifyInstance, graceMs: number): Promise<void> => {
  const cut = setTimeout(() => server.server.closeAllConnections(), graceMs)
  await server.close()
  clearTimeout(cut)
}
