/** The ingestion gateway: sockets that take what runs log, and the few routes beside them. */
import { Effect, type Scope } from "effect"
import type { FastifyInstance } from "fastify"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { Spans } from "../../domain/ports/spans.ts"
import { healthRoutes, said } from "../health.ts"
import { type CannotListen, closeServer, httpServer, listen } from "../http.ts"
import { httpMetrics, metricsRegistry, metricsRoute } from "../metrics.ts"
import { Names } from "../names.ts"
import { blobRoutes } from "./blobs.ts"
import { socketMetrics } from "./ingest-metrics.ts"
import type { IngestGatewayOptions } from "./options.ts"
import { restRoutes } from "./rest.ts"
import { type Means, Sockets } from "./sockets.ts"
import { acceptSockets } from "./upgrade.ts"

export interface RunningGateway {
  readonly port: number
}

/**
 * Listens, and answers once names are known (until then handshakes get 503). When the scope closes it drains, and ends.
 */
export const ingestGateway = (
  options: IngestGatewayOptions,
): Effect.Effect<RunningGateway, CannotListen, EventLog | BlobStore | Names | Scope.Scope> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const blobs = yield* BlobStore
    const names = yield* Names
    const spans = yield* Spans
    const { server, sockets } = yield* Effect.acquireRelease(
      Effect.promise(() => assemble(options, { log, blobs, names, spans })),
      (running) => Effect.promise(() => end(running, options.sockets.drainMs)),
    )
    const port = yield* listen(server, options.host, options.port)
    yield* names.ready
    sockets.named = true
    return { port }
  })

interface Assembled {
  readonly server: FastifyInstance
  readonly sockets: Sockets
}

interface Needed {
  readonly log: EventLog["Service"]
  readonly blobs: BlobStore["Service"]
  readonly names: Names["Service"]
  readonly spans: Means["spans"]
}

const assemble = async (options: IngestGatewayOptions, { log, blobs, names, spans }: Needed): Promise<Assembled> => {
  const registry = metricsRegistry()
  const server = await httpServer({
    logger: options.logger,
    corsOrigins: options.corsOrigins,
    bodyBytes: 64 * 1024,
    headersTimeoutMs: 10_000,
    metrics: httpMetrics(registry),
  })
  const sockets = new Sockets({ log, bind: names.bind, metrics: socketMetrics(registry), spans }, options.limits, options.sockets)
  acceptSockets(server.server, sockets, options)
  restRoutes(server, blobs, options)
  if (blobs.local !== null) await server.register(blobRoutes(blobs, blobs.local.verify))
  healthRoutes(server, [
    { name: "kafka", vital: true, check: async () => sockets.trouble ?? (await Effect.runPromise(said(log.ends))) },
    { name: "blob", vital: false, check: () => Effect.runPromise(said(blobs.check)) },
  ])
  metricsRoute(server, registry)
  await server.ready()
  return { server, sockets }
}

/** Drains the sockets, then waits for requests, but not for uploads that outlast the drain's time. */
const end = async ({ server, sockets }: Assembled, drainMs: number): Promise<void> => {
  await sockets.drain()
  await closeServer(server, drainMs)
}
