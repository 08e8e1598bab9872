import { join } from "node:path"
import { Layer } from "effect"
import { eventCodec } from "../../infra/avro/codec.ts"
import { lmdbLog, type LmdbLogOptions } from "../../infra/lmdb/event-log.ts"
import { lmdbRegistry } from "../../infra/lmdb/schema-registry.ts"

/** The embedded log in a folder, with its codec and a registry beside it. */
export const embeddedLog = (options: LmdbLogOptions) =>
  lmdbLog({ ...options, folder: join(options.folder, "log") }).pipe(
    Layer.provide(eventCodec()),
    Layer.provide(lmdbRegistry({ folder: join(options.folder, "registry") })),
  )
