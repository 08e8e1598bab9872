/** The only place that knows which adapter stands behind a port. */
import { join } from "node:path"
import { Layer } from "effect"
import { eventCodec } from "./avro/codec.ts"
import type { Settings } from "./config.ts"
import { fileBlobs } from "./files/blob-store.ts"
import { lmdbLog } from "./lmdb/event-log.ts"
import { lmdbStore } from "./lmdb/key-value-store.ts"
import { lmdbRegistry } from "./lmdb/schema-registry.ts"

type Where = Pick<Settings, "dataDir">

export const store = ({ dataDir }: Where) => lmdbStore({ folder: join(dataDir, "store") })

/** The log for its one writing process. */
export const writableLog = ({ dataDir, partitions }: Where & Pick<Settings, "partitions">) =>
  lmdbLog({ folder: join(dataDir, "log"), partitions }).pipe(Layer.provide(codec({ dataDir })))

/** The log for any other thread or process. */
export const readableLog = ({ dataDir }: Where) =>
  lmdbLog({ folder: join(dataDir, "log"), readOnly: true }).pipe(Layer.provide(codec({ dataDir })))

/** `baseUrl` is where the ingestion gateway is reached; it is asked for when an address is signed. */
export const blobs = ({ dataDir }: Where, baseUrl: () => string) => fileBlobs({ folder: join(dataDir, "blobs"), baseUrl })

const codec = ({ dataDir }: Where) => eventCodec().pipe(Layer.provide(lmdbRegistry({ folder: join(dataDir, "registry") })))
