/** The only place that knows which adapter stands behind a port. */
import { join } from "node:path"
import { Layer } from "effect"
import { eventCodec } from "./avro/codec.ts"
import type { Settings } from "./config.ts"
import type { EngineSettings } from "./settings/engines.ts"
import { fileBlobs } from "./files/blob-store.ts"
import { lmdbLog } from "./lmdb/event-log.ts"
import { lmdbStore } from "./lmdb/key-value-store.ts"
import { lmdbRegistry } from "./lmdb/schema-registry.ts"

/** What must be known to open the engines; plain data, so that a thread can be told. */
export type Engines = EngineSettings & Pick<Settings, "dataDir" | "partitions">

export const store = ({ dataDir }: Engines) => lmdbStore({ folder: join(dataDir, "store") })

/** The log for its one writing process. */
export const writableLog = (engines: Engines) =>
  lmdbLog({ folder: join(engines.dataDir, "log"), partitions: engines.partitions }).pipe(Layer.provide(codec(engines)))

/** The log for any other thread or process. */
export const readableLog = (engines: Engines) =>
  lmdbLog({ folder: join(engines.dataDir, "log"), readOnly: true }).pipe(Layer.provide(codec(engines)))

/** `baseUrl` is where the ingestion gateway is reached; it is asked for when an address is signed. */
export const blobs = ({ dataDir }: Engines, baseUrl: () => string) => fileBlobs({ folder: join(dataDir, "blobs"), baseUrl })

const codec = ({ dataDir }: Engines) => eventCodec().pipe(Layer.provide(lmdbRegistry({ folder: join(dataDir, "registry") })))
