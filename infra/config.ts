/** What can be set, all of it by environment variables; `.env` in the working directory is read too. */
import { isIP } from "node:net"
import { Config, ConfigProvider, Effect } from "effect"
import { defaultIngestLimits, type IngestLimits } from "../domain/limits.ts"

export interface Settings {
  readonly dataDir: string
  readonly host: string
  readonly backendPort: number
  readonly frontierPort: number
  /** Where clients reach the ingestion gateway, for the addresses of uploads; by host and port unless set. */
  readonly frontierUrl: string | undefined
  readonly corsOrigins: readonly string[] | undefined
  readonly trashHours: number
  readonly uploadSeconds: number
  readonly uploadBytes: number
  /** Thirty-two bytes in URL-safe base64; drawn once and kept in the data folder unless set. */
  readonly blobSecret: string | undefined
  readonly partitions: number
  readonly waitMillis: number
  readonly projectorInThread: boolean
  readonly limits: IngestLimits
}

interface Variable<A> {
  readonly name: string
  readonly says: string
  readonly fallback: string
  readonly config: Config.Config<A>
}

const variable = <A>(
  name: string,
  make: (name: string) => Config.Config<A>,
  fallback: A,
  says: string,
  shown = String(fallback),
): Variable<A> => ({
  name,
  says,
  fallback: shown,
  config: make(name).pipe(Config.withDefault(fallback)),
})

const optional = <A>(
  name: string,
  make: (name: string) => Config.Config<A>,
  says: string,
  shown: string,
): Variable<A | undefined> => ({
  name,
  says,
  fallback: shown,
  config: make(name).pipe(Config.withDefault<A | undefined>(undefined)),
})

const positive = (name: string): Config.Config<number> =>
  Config.Int(name).pipe(
    Config.mapEffect((value) =>
      value > 0 ? Effect.succeed(value) : Effect.fail(invalid(`${name} must be above 0, not ${value}`)),
    ),
  )

/** A port to listen at; 0 stands for any that is free. */
const port = (name: string): Config.Config<number> =>
  Config.Int(name).pipe(
    Config.mapEffect((value) =>
      value >= 0 && value <= 65_535
        ? Effect.succeed(value)
        : Effect.fail(invalid(`${name} must be a port from 0 to 65535, not ${value}`)),
    ),
  )

const hours = (name: string): Config.Config<number> =>
  Config.Finite(name).pipe(
    Config.mapEffect((value) => (value >= 0 ? Effect.succeed(value) : Effect.fail(invalid(`${name} must not be negative`)))),
  )

const secret = (name: string): Config.Config<string> =>
  Config.String(name).pipe(
    Config.mapEffect((text) =>
      Buffer.from(text, "base64url").length === 32
        ? Effect.succeed(text)
        : Effect.fail(invalid(`${name} must be 32 bytes in URL-safe base64`)),
    ),
  )

const origins = (name: string): Config.Config<readonly string[]> =>
  Config.String(name).pipe(
    Config.mapEffect((text) => {
      try {
        const value: unknown = JSON.parse(text)
        if (Array.isArray(value) && value.every((origin) => typeof origin === "string"))
          return Effect.succeed(value as readonly string[])
      } catch {
        // Said below, as for any other text.
      }
      return Effect.fail(invalid(`${name} must be a JSON list of origins, such as ["http://localhost:3000"]`))
    }),
  )

const invalid = (message: string): Config.ConfigError => new Config.ConfigError(new ConfigProvider.SourceError({ message }))

const variables = {
  dataDir: variable("MATYAN_DATA_DIR", Config.String, ".matyan", "the folder of the log, the store and the files"),
  host: variable(
    "HOST",
    Config.String,
    "127.0.0.1",
    "the address to listen at; a public one needs --insecure, for there is no authentication yet",
  ),
  backendPort: variable("MATYAN_BACKEND_PORT", port, 53800, "the port of the query gateway (REST); 0: any that is free"),
  frontierPort: variable("MATYAN_FRONTIER_PORT", port, 53801, "the port of the ingestion gateway (WebSocket, uploads)"),
  frontierUrl: optional(
    "MATYAN_FRONTIER_PUBLIC_URL",
    Config.String,
    "how clients reach the ingestion gateway for uploads",
    "http://<host>:<port>",
  ),
  corsOrigins: optional("CORS_ORIGINS", origins, "the origins of web pages that may call, a JSON list", "those of the web UI"),
  trashHours: variable("MATYAN_TRASH_HOURS", hours, 168, "how long a deleted run can be restored"),
  uploadSeconds: variable("S3_PRESIGN_EXPIRY", positive, 3_600, "how long the address of an upload holds, in seconds"),
  uploadBytes: variable("MATYAN_UPLOAD_BYTES", positive, 5 * 2 ** 30, "most bytes of one uploaded file"),
  blobSecret: optional(
    "BLOB_URI_SECRET",
    secret,
    "what blob URIs are sealed with: 32 bytes in URL-safe base64",
    "drawn once, kept in the data folder",
  ),
  partitions: variable("MATYAN_PARTITIONS", positive, 6, "partitions of data-ingestion; fixed when the log is made"),
  waitMillis: variable("MATYAN_WAIT_MS", positive, 10_000, "how long a command waits to see its own write before it answers 202"),
  projectorInThread: variable("MATYAN_PROJECTOR_THREAD", Config.Boolean, true, "fold in a thread of its own"),
} as const satisfies { readonly [K in Exclude<keyof Settings, "limits">]: Variable<Settings[K]> }

const limitName = (limit: string): string => `MATYAN_LIMIT_${limit.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

const limits = Object.fromEntries(
  Object.entries(defaultIngestLimits).map(([limit, fallback]: [string, number]) => [
    limit,
    variable(limitName(limit), positive, fallback, `ingestion limit (see docs/limits.md): ${limit}`),
  ]),
) as { readonly [K in keyof IngestLimits]: Variable<number> }

const configsOf = <V extends Readonly<Record<string, Variable<unknown>>>>(of: V) =>
  Object.fromEntries(Object.entries(of).map(([key, { config }]) => [key, config])) as {
    readonly [K in keyof V]: V[K]["config"]
  }

/** The settings of this process. Fails with what is wrong and in which variable. */
export const settings: Effect.Effect<Settings, Config.ConfigError> = Effect.gen(function* () {
  const own = yield* Config.all(configsOf(variables))
  return { ...own, limits: yield* Config.all(configsOf(limits)) }
})

/** The variables with their defaults, for the help text. */
export const settingsHelp = (): string =>
  Object.values({ ...variables, ...limits })
    .map(({ name, says, fallback }) => `  ${name.padEnd(34)} ${says} (${fallback})`)
    .join("\n")

/** Whether an address is only reached from this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
