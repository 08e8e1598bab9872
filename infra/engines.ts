/** The only place that knows which adapter stands behind a port. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import type { BlobStore, BlobStoreUnavailable } from "../domain/ports/blob-store.ts"
import type { KeyValueStore, StoreUnavailable } from "../domain/ports/key-value-store.ts"
import type { RegistryUnavailable, SchemaRegistry } from "../domain/ports/schema-registry.ts"
import { eventCodec } from "./avro/codec.ts"
import type { Settings } from "./config.ts"
import type { ConfluentOptions } from "./confluent/options.ts"
import type { EngineSettings } from "./settings/engines.ts"
import type { FdbOptions } from "./fdb/options.ts"
import { fileBlobs } from "./files/blob-store.ts"
import type { KafkaOptions } from "./kafka/options.ts"
import { lmdbLog, type LmdbLogOptions } from "./lmdb/event-log.ts"
import { lmdbStore } from "./lmdb/key-value-store.ts"
import { lmdbRegistry } from "./lmdb/schema-registry.ts"
import type { S3Options } from "./s3/options.ts"

/** What must be known to open the engines; plain data, so that a thread can be told. */
export type Engines = EngineSettings & Pick<Settings, "dataDir" | "partitions">

export const store = (engines: Engines): Layer.Layer<KeyValueStore, StoreUnavailable> =>
  engines.store === "fdb"
    ? later(async () => (await import("./fdb/key-value-store.ts")).fdbStore(fdbOptions(engines)))
    : lmdbStore({ folder: join(engines.dataDir, "store") })

/** The log for a process that writes it; of the embedded one there is one at a time. */
export const writableLog = (engines: Engines) =>
  log(engines, { folder: embeddedLog(engines), ...(engines.partitions === undefined ? {} : { partitions: engines.partitions }) })

/** The log for any other thread or process. */
export const readableLog = (engines: Engines) => log(engines, { folder: embeddedLog(engines), readOnly: true })

/** `baseUrl` is where the ingestion gateway is reached; it is asked for when an address is signed. */
export const blobs = (engines: Engines, baseUrl: () => string): Layer.Layer<BlobStore, BlobStoreUnavailable> =>
  engines.blobs === "s3"
    ? later(async () => (await import("./s3/blob-store.ts")).s3Blobs(s3Options(engines)))
    : fileBlobs({ folder: join(engines.dataDir, "blobs"), baseUrl })

const embeddedLog = ({ dataDir }: Engines): string => join(dataDir, "log")

const log = (engines: Engines, embedded: LmdbLogOptions) =>
  (engines.log === "kafka"
    ? later(async () => (await import("./kafka/event-log.ts")).kafkaLog(kafkaOptions(engines)))
    : lmdbLog(embedded)
  ).pipe(Layer.provide(codec(engines)))

/** An adapter whose client library is only loaded where it is chosen. */
const later = <A, E, R>(load: () => Promise<Layer.Layer<A, E, R>>): Layer.Layer<A, E, R> => Layer.unwrap(Effect.promise(load))

const codec = (engines: Engines) => eventCodec().pipe(Layer.provide(registry(engines)))

const registry = (engines: Engines): Layer.Layer<SchemaRegistry, RegistryUnavailable> =>
  engines.registry === "confluent"
    ? later(async () => (await import("./confluent/schema-registry.ts")).confluentRegistry(confluentOptions(engines)))
    : lmdbRegistry({ folder: join(engines.dataDir, "registry") })

/** How the registry of these settings is reached. */
export const confluentOptions = ({ registryUrl, registryUsername, registryPassword, dataDir }: Engines): ConfluentOptions => ({
  url: registryUrl ?? "http://localhost:8081",
  idsFile: join(dataDir, "schema-ids.json"),
  ...(registryUsername === undefined ? {} : { auth: { username: registryUsername, password: registryPassword ?? "" } }),
})

/** How the cluster of these settings is reached. */
export const kafkaOptions = (engines: Engines): KafkaOptions => ({
  brokers: engines.kafkaBrokers,
  clientId: "matyan",
  security: {
    protocol: engines.kafkaProtocol,
    mechanism: engines.kafkaMechanism,
    username: engines.kafkaUsername,
    password: engines.kafkaPassword,
    caFile: engines.kafkaCaFile,
    certFile: engines.kafkaCertFile,
    keyFile: engines.kafkaKeyFile,
  },
  topics: {
    "data-ingestion": engines.dataIngestionTopic,
    "control-events": engines.controlEventsTopic,
    "dead-letters": engines.deadLettersTopic,
  },
  partitions: engines.partitions,
  groupPrefix: engines.kafkaGroupPrefix,
  sessionTimeoutMs: engines.kafkaSessionMillis,
  allowFiniteRetention: engines.allowFiniteRetention,
})

const fdbOptions = (engines: Engines): FdbOptions => ({
  clusterFile: engines.fdbClusterFile,
  root: engines.fdbRoot,
  tls: {
    caFile: engines.fdbCaFile,
    certFile: engines.fdbCertFile,
    keyFile: engines.fdbKeyFile,
    password: engines.fdbKeyPassword,
    verifyPeers: engines.fdbVerifyPeers,
  },
})

const s3Options = (engines: Engines): S3Options => ({
  bucket: engines.s3Bucket ?? "matyan-artifacts",
  region: engines.s3Region,
  endpoint: engines.s3Endpoint,
  publicEndpoint: engines.s3PublicEndpoint,
  accessKeyId: engines.s3AccessKey,
  secretAccessKey: engines.s3SecretKey,
  createBucket: engines.s3CreateBucket,
})
