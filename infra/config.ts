/** What can be set, all of it by environment variables; `.env` in the working directory is read too. */
import { isIP } from "node:net"
import { Config, Effect } from "effect"
import { defaultIngestLimits, type IngestLimits } from "../domain/limits.ts"
import { type LogSettings, logLevels } from "./observe/logging.ts"
import type { TraceSettings } from "./observe/tracing.ts"
import { type EngineSettings, engineVariables, inferred } from "./settings/engines.ts"
import {
  address,
  configsOf,
  duration,
  invalid,
  jsonList,
  oneOf,
  optional,
  port,
  positive,
  secret,
  share,
  text,
  type Variable,
  variable,
} from "./settings/variable.ts"

export interface Settings extends EngineSettings, LogSettings, TraceSettings {
  readonly dataDir: string
  readonly host: string
  /** Listen where others reach it although there is no authentication. */
  readonly insecure: boolean
  readonly operationsPort: number
  readonly backendPort: number
  readonly frontierPort: number
  /** Where clients reach the ingestion gateway, for the addresses of uploads; by host and port unless set. */
  readonly frontierUrl: string | undefined
  readonly corsOrigins: readonly string[] | undefined
  readonly trashHours: number
  /** Periods and ages in hours. */
  readonly finishStaleEvery: number
  readonly staleAfter: number
  readonly orphanBlobsEvery: number
  readonly tombstonesEvery: number
  readonly tombstonesOlderThan: number
  readonly uploadSeconds: number
  readonly uploadBytes: number
  readonly multipartBytes: number
  /** Thirty-two bytes in URL-safe base64; drawn once and kept in the data folder unless set. */
  readonly blobSecret: string | undefined
  readonly partitions: number | undefined
  readonly waitMillis: number
  readonly projectorInThread: boolean
  /** How many processes fold a whole log. */
  readonly foldProcesses: number | undefined
  /** How long replaced projections are kept, in hours. */
  readonly keepGenerationHours: number
  readonly limits: IngestLimits
}

const variables = {
  dataDir: variable("MATYAN_DATA_DIR", text, ".matyan", "the folder of the log, the store and the files"),
  host: variable(
    "HOST",
    text,
    "127.0.0.1",
    "the address to listen at; a public one needs --insecure, for there is no authentication yet",
  ),
  insecure: variable("MATYAN_INSECURE", Config.Boolean, false, "as --insecure, where no options are given"),
  operationsPort: variable(
    "METRICS_PORT",
    port,
    9090,
    "the port of health and metrics of a projector or control worker; 0: any that is free",
  ),
  backendPort: variable("MATYAN_BACKEND_PORT", port, 53800, "the port of the query gateway (REST); 0: any that is free"),
  frontierPort: variable("MATYAN_FRONTIER_PORT", port, 53801, "the port of the ingestion gateway (WebSocket, uploads)"),
  frontierUrl: optional(
    "MATYAN_FRONTIER_PUBLIC_URL",
    text,
    "how clients reach the ingestion gateway for uploads",
    "http://<host>:<port>",
  ),
  logLevel: variable("LOG_LEVEL", oneOf(...logLevels), "info", "the least that is logged: debug, info, warn or error"),
  logFormat: optional("LOG_FORMAT", oneOf("json", "text"), "json or text", "text at a terminal, else json"),
  otlpEndpoint: optional(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    address,
    "where traces are sent, such as http://localhost:4318",
    "nowhere",
  ),
  traceRatio: variable("MATYAN_TRACE_RATIO", share, 0.01, "the share of frames and commands that are traced, from 0 to 1"),
  corsOrigins: optional("CORS_ORIGINS", jsonList, "the origins of web pages that may call, a JSON list", "those of the web UI"),
  trashHours: variable("MATYAN_TRASH_HOURS", duration, 168, "how long a deleted run can be restored"),
  finishStaleEvery: variable("MATYAN_FINISH_STALE_EVERY_HOURS", duration, 1, "how often silent runs are finished; 0: never"),
  staleAfter: variable("MATYAN_STALE_HOURS", duration, 24, "after how long without a word an active run counts as silent"),
  orphanBlobsEvery: variable(
    "MATYAN_ORPHAN_BLOBS_EVERY_HOURS",
    duration,
    24,
    "how often objects of no run are looked for; 0: never",
  ),
  tombstonesEvery: variable(
    "MATYAN_TOMBSTONES_EVERY_HOURS",
    duration,
    0,
    "how often old tombstones are removed, after which a late event makes its run anew; 0: never",
  ),
  tombstonesOlderThan: variable("MATYAN_TOMBSTONES_OLDER_THAN_HOURS", duration, 168, "how old they must be"),
  uploadSeconds: variable("S3_PRESIGN_EXPIRY", positive, 3_600, "how long the address of an upload holds, in seconds"),
  uploadBytes: variable("MATYAN_UPLOAD_BYTES", positive, 5 * 2 ** 30, "most bytes of one uploaded file"),
  multipartBytes: variable("MATYAN_MULTIPART_BYTES", positive, 5 * 2 ** 40, "most bytes of one file that is uploaded in parts"),
  blobSecret: optional(
    "BLOB_URI_SECRET",
    secret,
    "what blob URIs are sealed with: 32 bytes in URL-safe base64",
    "drawn once, kept in the data folder",
  ),
  partitions: optional("MATYAN_PARTITIONS", positive, "partitions of data-ingestion; fixed when the log is made", "6"),
  waitMillis: variable("MATYAN_WAIT_MS", positive, 10_000, "how long a command waits to see its own write before it answers 202"),
  projectorInThread: variable("MATYAN_PROJECTOR_THREAD", Config.Boolean, true, "fold in a thread of its own"),
  foldProcesses: optional(
    "MATYAN_FOLD_PROCESSES",
    positive,
    "processes that fold a whole log into the embedded store: rebuild, verify, restore",
    "as many as cores, beside a server one less",
  ),
  keepGenerationHours: variable(
    "MATYAN_KEEP_GENERATION_HOURS",
    duration,
    24,
    "how long the projections that a rebuild has replaced are kept, to go back to; 0: not at all",
  ),
} as const satisfies { readonly [K in Exclude<keyof Settings, "limits" | keyof EngineSettings>]: Variable<Settings[K]> }

const limitName = (limit: string): string => `MATYAN_LIMIT_${limit.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

const limits = Object.fromEntries(
  Object.entries(defaultIngestLimits).map(([limit, fallback]: [string, number]) => [
    limit,
    variable(limitName(limit), positive, fallback, `ingestion limit (see docs/limits.md): ${limit}`),
  ]),
) as { readonly [K in keyof IngestLimits]: Variable<number> }

/** The settings of this process. Fails with what is wrong and in which variable. */
export const settings: Effect.Effect<Settings, Config.ConfigError> = Effect.gen(function* () {
  const own = yield* Config.all(configsOf(variables))
  const engines = inferred(yield* Config.all(configsOf(engineVariables)))
  if (engines.registry === "confluent" && engines.registryUrl === undefined)
    return yield* Effect.fail(invalid("MATYAN_REGISTRY is confluent, so SCHEMA_REGISTRY_URL must say where it is"))
  if (new Set([engines.dataIngestionTopic, engines.controlEventsTopic, engines.deadLettersTopic]).size < 3)
    return yield* Effect.fail(invalid("the three topics that KAFKA_…_TOPIC name must have names of their own"))
  return { ...own, ...engines, limits: yield* Config.all(configsOf(limits)) }
})

/** The variables with their defaults, for the help text. */
export const settingsHelp = (): string =>
  Object.values({ ...variables, ...engineVariables, ...limits })
    .map(({ name, says, fallback }) => `  ${name.padEnd(34)} ${says} (${fallback})`)
    .join("\n")

/** For how long replaced projections are kept, in milliseconds. */
export const keepMillisOf = ({ keepGenerationHours }: Settings): number => keepGenerationHours * 3_600_000

/** Whether an address is only reached from this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
