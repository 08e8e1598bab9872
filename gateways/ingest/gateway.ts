/** The ingestion gateway: sockets that take what runs log, and the few routes beside them. */
import { Clock, Effect, type Scope } from "effect"
import type { FastifyInstance } from "fastify"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { NewId } from "../../domain/ports/ids.ts"
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
    const [clock, newId, context] = [yield* Clock.Clock, yield* NewId, yield* Effect.context()]
    const run: Means["run"] = (effect, signal) =>
      Effect.runPromiseWith(context)(effect, signal === undefined ? undefined : { signal })
    const { server, sockets } = yield* Effect.acquireRelease(
      Effect.promise(() => assemble(options, { log, blobs, names, spans, clock, newId, run })),
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

interface Needed extends Omit<Means, "bind" | "metrics"> {
  readonly blobs: BlobStore["Service"]
  readonly names: Names["Service"]
}

const assemble = async (options: IngestGatewayOptions, { blobs, names, ...means }: Needed): Promise<Assembled> => {
  const registry = metricsRegistry()
  const server = await httpServer({
    logger: options.logger,
    corsOrigins: options.corsOrigins,
    bodyBytes: 64 * 1024,
    headersTimeoutMs: 10_000,
    metrics: httpMetrics(registry),
    hasSockets: true,
  })
  const sockets = new Sockets({ ...means, bind: names.bind, metrics: socketMetrics(registry) }, options.limits, options.sockets)
  acceptSockets(server.server, sockets, options)
  restRoutes(server, blobs, options)
  if (blobs.local !== null) await server.register(blobRoutes(blobs, blobs.local))
  healthRoutes(server, [
    { name: "kafka", vital: true, check: async () => sockets.illness ?? (await Effect.runPromise(said(means.log.ends))) },
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
