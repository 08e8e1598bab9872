/** Everything in one process: both gateways, the projector and the control worker on one data folder. */
import { join } from "node:path"
import { Data, Effect, Layer } from "effect"
import { defaultIngestGatewayOptions, type IngestGatewayOptions } from "../gateways/ingest/options.ts"
import { ingestGateway } from "../gateways/ingest/gateway.ts"
import { Names } from "../gateways/names.ts"
import { queryGateway } from "../gateways/query/server.ts"
import { controlWorker } from "../projections/control-worker.ts"
import { partitionsBeyondLog } from "../projections/beyond-log.ts"
import { prepare, project } from "../projections/worker.ts"
import { isLoopback, type Settings } from "./config.ts"
import { blobs, store, writableLog } from "./engines.ts"
import { projectorThread } from "./projector-thread.ts"
import { keptSecret, secretText } from "./secret.ts"
import { version } from "./version.ts"

/** What was asked for would be open to anybody, or lose what it acknowledges. */
export class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

export interface Serving {
  readonly backendUrl: string
  readonly frontierUrl: string
}

const scanEverySeconds = 30

/** Serves until the scope closes; then sockets are drained first and the engines are closed last. */
export const serve = (settings: Settings, { insecure = false }: { readonly insecure?: boolean } = {}) =>
  Effect.gen(function* () {
    if (!isLoopback(settings.host) && !insecure) return yield* Effect.fail(openToAll(settings.host))
    let frontierUrl = settings.frontierUrl ?? urlOf(settings.host, settings.frontierPort)
    const ports = Layer.mergeAll(
      writableLog(settings),
      store(settings),
      blobs(settings, () => frontierUrl),
    )
    const services = yield* Layer.build(Names.layer.pipe(Layer.provideMerge(ports)))
    return yield* Effect.gen(function* () {
      yield* prepare
      const beyond = yield* partitionsBeyondLog
      if (beyond.length > 0) return yield* Effect.fail(notOfThisLog(settings.dataDir, beyond))
      yield* settings.projectorInThread ? projectorThread({ dataDir: settings.dataDir }) : Effect.forkScoped(project())
      yield* Effect.forkScoped(controlWorker({ trashHours: settings.trashHours, scanEverySeconds, now: () => Date.now() / 1000 }))
      const frontier = yield* ingestGateway(ingestOptions(settings))
      frontierUrl = settings.frontierUrl ?? urlOf(settings.host, frontier.port)
      const backend = yield* queryGateway({
        host: settings.host,
        port: settings.backendPort,
        blobSecret: settings.blobSecret ?? secretText(keptSecret(settings.dataDir, "blob-uri-secret")),
        waitMillis: settings.waitMillis,
        home: { version, ingestionUrl: () => frontierUrl },
        ...(settings.corsOrigins === undefined ? {} : { corsOrigins: settings.corsOrigins }),
      })
      const serving: Serving = { backendUrl: urlOf(settings.host, backend.port), frontierUrl }
      return serving
    }).pipe(Effect.provideContext(services))
  })

const openToAll = (host: string): Refused =>
  new Refused({
    message:
      `HOST is ${host}, which others may reach, and there is no authentication: anybody could read, change and delete all runs. ` +
      "Listen at 127.0.0.1 behind a proxy that authenticates, or start with --insecure where the network is trusted.",
  })

const notOfThisLog = (dataDir: string, beyond: readonly string[]): Refused =>
  new Refused({
    message:
      `The projections in ${join(dataDir, "store")} were folded from a longer log than the one in ${join(dataDir, "log")} ` +
      `(${beyond.join(", ")}), so what is logged now would not be seen. Put the newer log back; or remove the folder of ` +
      "the projections, and they are folded anew from the log that is there.",
  })

const urlOf = (host: string, port: number): string => {
  const reached = host === "0.0.0.0" || host === "::" ? "localhost" : host
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`
}

const ingestOptions = (settings: Settings): IngestGatewayOptions => ({
  ...defaultIngestGatewayOptions,
  host: settings.host,
  port: settings.frontierPort,
  version,
  limits: settings.limits,
  uploadSeconds: settings.uploadSeconds,
  uploadBytes: settings.uploadBytes,
  ...(settings.corsOrigins === undefined ? {} : { corsOrigins: settings.corsOrigins }),
})
