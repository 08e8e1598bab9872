/** The two gateways as this process runs them: what they need of the settings. */
import { Effect } from "effect"
import { defaultIngestGatewayOptions, type IngestGatewayOptions } from "../../gateways/ingest/options.ts"
import { ingestGateway } from "../../gateways/ingest/gateway.ts"
import { queryGateway, type QueryGatewayOptions } from "../../gateways/query/server.ts"
import type { Settings } from "../config.ts"
import { requestLogs } from "../observe/logging.ts"
import { keptSecret, secretText } from "../secret.ts"
import { version } from "../version.ts"
import { mayListen, urlOf } from "./address.ts"
import { Refused } from "./refused.ts"

/** Serves sockets and uploads until the scope closes; answers where. */
export const ingestRole = (settings: Settings) =>
  Effect.gen(function* () {
    yield* mayListen(settings)
    const { port } = yield* ingestGateway(ingestOptions(settings))
    return urlOf(settings.host, port)
  })

/**
 * Serves REST until the scope closes; answers where. `frontierUrl` is where clients find the ingestion gateway; `others` is what
 * the rest of this process tells of itself.
 */
export const queryRole = (
  settings: Settings,
  frontierUrl: () => string,
  others: Pick<QueryGatewayOptions, "registry" | "checks"> = {},
) =>
  Effect.gen(function* () {
    yield* mayListen(settings)
    const { port } = yield* queryGateway({
      host: settings.host,
      port: settings.backendPort,
      blobSecret: yield* blobSecret(settings),
      waitMillis: settings.waitMillis,
      trashHours: settings.trashHours,
      home: { version, ingestionUrl: frontierUrl },
      logger: requestLogs(settings, "query-gateway"),
      ...others,
      ...(settings.corsOrigins === undefined ? {} : { corsOrigins: settings.corsOrigins }),
    })
    return urlOf(settings.host, port)
  })

/** Where clients find the ingestion gateway when it is a process of its own. */
export const frontierUrlOf = ({ frontierUrl, host, frontierPort }: Settings): string => frontierUrl ?? urlOf(host, frontierPort)

/** What blob URIs are sealed with. Gateways on several machines must share it, so there it must be given. */
const blobSecret = ({ blobSecret, store, dataDir }: Settings): Effect.Effect<string, Refused> => {
  if (blobSecret !== undefined) return Effect.succeed(blobSecret)
  if (store === "fdb")
    return Effect.fail(
      new Refused({
        message:
          "BLOB_URI_SECRET must be set where the store is shared: query gateways could not open each other's blob URIs. " +
          "It is 32 bytes in URL-safe base64, the same for all of them.",
      }),
    )
  return Effect.sync(() => secretText(keptSecret(dataDir, "blob-uri-secret")))
}

const ingestOptions = (settings: Settings): IngestGatewayOptions => ({
  ...defaultIngestGatewayOptions,
  host: settings.host,
  port: settings.frontierPort,
  version,
  limits: settings.limits,
  uploadSeconds: settings.uploadSeconds,
  uploadBytes: settings.uploadBytes,
  multipartBytes: settings.multipartBytes,
  logger: requestLogs(settings, "ingest-gateway"),
  ...(settings.corsOrigins === undefined ? {} : { corsOrigins: settings.corsOrigins }),
})
