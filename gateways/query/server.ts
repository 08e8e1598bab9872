/** The query gateway: every answer to browsers and clients but ingestion's. */
import { Effect, type Scope } from "effect"
import type { FastifyBaseLogger, FastifyInstance } from "fastify"
import { randomUUID } from "node:crypto"
import type { Registry } from "prom-client"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import { asOfNamed } from "../../projections/as-of-generations.ts"
import { generations } from "../../projections/generation-list.ts"
import { type LiveFeed, makeLiveFeed } from "../../projections/live-feed.ts"
import { makeView, type View } from "../../projections/view.ts"
import { makeDispatch } from "../dispatch.ts"
import { type HealthCheck, healthRoutes, said } from "../health.ts"
import { type CannotListen, closeServer, httpServer, listen } from "../http.ts"
import { lagText, type LagMeter, makeLagMeter } from "../lag.ts"
import { httpMetrics, metricsRegistry, metricsRoute } from "../metrics.ts"
import type { Names } from "../names.ts"
import { asOfAsked, readAsOf } from "./as-of.ts"
import { answerErrors } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { defaultHomeOptions, type HomeOptions, homeRoutes } from "./home.ts"
import { readBodies } from "./json-body.ts"
import { documentApi } from "./openapi-routes.ts"
import { defaultLiveOptions, type LiveOptions, liveRoutes } from "./live.ts"
import { type PositionWaiting, waitForPositions } from "./position-wait.ts"
import { routes } from "./routes.ts"

export interface QueryGatewayOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** What blob URIs are sealed with: 32 bytes in URL-safe base64, kept for as long as the URIs are to be of use. */
  readonly blobSecret: string
  readonly corsOrigins?: readonly string[]
  /** Most bytes of a request's body. */
  readonly bodyBytes?: number
  /** How long a command waits to see its own write before it answers 202, and a read for the position that it asks for. */
  readonly waitMillis?: number
  /** How long a deleted run can be restored, in hours, as the control worker purges; 168 by default. */
  readonly trashHours?: number
  /** Unix seconds. */
  readonly clock?: () => number
  readonly newId?: () => string
  readonly live?: Partial<LiveOptions>
  readonly home?: HomeOptions
  /** Metrics of others in this process, for `/metrics/` to tell too. */
  readonly registry?: Registry
  /** What of others in this process readiness is to tell too. */
  readonly checks?: readonly HealthCheck[]
  readonly logger?: FastifyBaseLogger
}

/** The origins of the web UI and its development servers. */
export const defaultCorsOrigins: readonly string[] = [
  ...[3000, 8000, 8080, 53800].map((port) => `http://localhost:${port}`),
  ...[8000, 53800].map((port) => `http://127.0.0.1:${port}`),
]

/** How long requests under way may take at the end. */
const drainMs = 5_000

export const apiPrefix = "/api/v1/rest"

/** Listens until the scope closes; requests under way are answered first. */
export const queryGateway = (
  options: QueryGatewayOptions,
): Effect.Effect<{ readonly port: number }, CannotListen, EventLog | KeyValueStore | BlobStore | Names | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(queryServer(options), (server) =>
      Effect.promise(() => closeServer(server, drainMs)),
    )
    return { port: yield* listen(server, options.host, options.port) }
  })

/** The server that does not listen yet. */
export const queryServer = (
  options: QueryGatewayOptions,
): Effect.Effect<FastifyInstance, never, EventLog | KeyValueStore | BlobStore | Names> =>
  Effect.gen(function* () {
    const { clock = () => Date.now() / 1_000, newId = randomUUID } = options
    const log = yield* EventLog
    const store = yield* KeyValueStore
    const blobs = yield* BlobStore
    const view = yield* makeView
    const feed = yield* makeLiveFeed
    const { waitMillis = 10_000 } = options
    const dispatch = yield* makeDispatch({ clock, newId, waitMillis })
    const meter = yield* makeLagMeter
    const waiting = { caughtUp: yield* makeCaughtUp, meter, waitMillis, prefix: apiPrefix }
    const context = yield* Effect.context()
    const run: Gateway["run"] = (effect, signal) =>
      Effect.runPromiseWith(context)(effect, signal === undefined ? undefined : { signal })
    const gateway: Gateway = {
      run,
      read: (body) => {
        const asOf = asOfAsked()
        return run(asOf === undefined ? view.read(body) : view.readAsOf(asOf, body))
      },
      generations: () => run(store.read(generations)),
      asOfNamed: (name) => run(store.read((tx) => asOfNamed(tx, name))),
      dispatch: (command, cause) => run(dispatch(command, cause)),
      blobs,
      blobSecret: options.blobSecret,
      trashHours: options.trashHours ?? 168,
      recordsAt: (positions, signal) => run(log.recordsAt(positions), signal),
      clock,
      newId,
    }
    return yield* Effect.promise(() =>
      serverOf(gateway, feed, options, waiting, [...healthChecks(run, log, view, blobs, meter), ...(options.checks ?? [])]),
    )
  })

const serverOf = async (
  gateway: Gateway,
  feed: LiveFeed,
  options: QueryGatewayOptions,
  waiting: PositionWaiting,
  checks: readonly HealthCheck[],
): Promise<FastifyInstance> => {
  const registry = options.registry ?? metricsRegistry()
  const server = await httpServer({
    logger: options.logger,
    corsOrigins: options.corsOrigins ?? defaultCorsOrigins,
    bodyBytes: options.bodyBytes ?? 32 * 2 ** 20,
    headersTimeoutMs: 15_000,
    metrics: httpMetrics(registry),
  })
  answerErrors(server)
  takeBothSlashes(server)
  readBodies(server)
  documentApi(server, apiPrefix)
  waitForPositions(server, gateway.run, waiting)
  readAsOf(server, gateway.asOfNamed, apiPrefix)
  healthRoutes(server, checks)
  metricsRoute(server, registry)
  await server.register(routes(gateway), { prefix: apiPrefix })
  await server.register(homeRoutes(gateway, feed, options.home ?? defaultHomeOptions))
  await server.register(liveRoutes(gateway, feed, { ...defaultLiveOptions, ...options.live }), { prefix: apiPrefix })
  return server
}

const twin = Symbol("the same route with or without its last slash")

/** Every route takes its path with and without a final slash: a redirect would break a browser's preflight. */
const takeBothSlashes = (server: FastifyInstance): void => {
  server.addHook("onRoute", function (this: FastifyInstance, route) {
    const config = (route.config ?? {}) as Record<symbol, unknown>
    if (route.url === "/" || route.url.includes("*") || route.method === "HEAD" || config[twin] === true) return
    const path = route.path.slice(this.prefix.length)
    const url = path.endsWith("/") ? path.slice(0, -1) : `${path}/`
    this.route({ ...route, prefixTrailingSlash: "no-slash", url, config: { ...route.config, [twin]: true } as object })
  })
}

const healthChecks = (
  run: Gateway["run"],
  log: EventLog["Service"],
  view: View,
  blobs: BlobStore["Service"],
  meter: LagMeter,
): readonly HealthCheck[] => {
  return [
    { name: "store", vital: true, check: () => run(said(view.read(async () => true))) },
    // Reads go on without it; commands say by themselves that it is away.
    { name: "log", vital: false, check: () => run(said(log.ends)) },
    { name: "blobs", vital: false, check: () => run(said(blobs.check)) },
    { name: "projector", vital: false, check: async () => lagText(await meter.read()) },
  ]
}
