/** The simulated adapters are adapters: without trouble they keep every promise of their ports. */
import { buffer } from "node:stream/consumers"
import { Effect, Layer } from "effect"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { EventCodec, eventCodec } from "../../infra/avro/codec.ts"
import { blobStoreSuite } from "../conformance/blob-store.suite.ts"
import { eventLogSuite } from "../conformance/event-log.suite.ts"
import { keyValueStoreSuite } from "../conformance/key-value-store.suite.ts"
import { schemaRegistrySuite } from "../conformance/schema-registry.suite.ts"
import { baseUrl, connectBlobs, Objects } from "./blob-store.ts"
import { connectLog } from "./event-log.ts"
import { LogRecords } from "./log-records.ts"
import { connectStore } from "./key-value-store.ts"
import { connectRegistry, Schemas } from "./registry.ts"
import { Versions } from "./versions.ts"

for (const viewsLast of [true, false])
  keyValueStoreSuite(viewsLast ? "simulated" : "simulated, views that do not last", {
    fresh: () => {
      const versions = new Versions()
      return Layer.sync(KeyValueStore, () => connectStore(versions, { viewsLast }))
    },
  })

const codec = (schemas: Schemas) => eventCodec().pipe(Layer.provide(Layer.sync(SchemaRegistry, () => connectRegistry(schemas))))

eventLogSuite("simulated", {
  fresh: () => {
    const [records, schemas] = [new LogRecords(), new Schemas()]
    const layer = Layer.effect(
      EventLog,
      Effect.map(EventCodec, (codec) => connectLog(records, { codec })),
    ).pipe(Layer.provide(codec(schemas)))
    return { writer: layer, reader: Layer.fresh(layer) }
  },
})

schemaRegistrySuite("simulated", () => {
  const schemas = new Schemas()
  return Layer.sync(SchemaRegistry, () => connectRegistry(schemas))
})

const verified = (store: BlobStore["Service"], method: "PUT" | "GET", url: string) =>
  store.local!.verify(method, url.slice(baseUrl.length))

blobStoreSuite("simulated", {
  fresh: () => {
    const objects = new Objects()
    return Layer.sync(BlobStore, () => connectBlobs(objects))
  },
  keys: "any",
  boundsSignedUploads: true,
  knowsUploads: true,
  upload: (store, { url, headers, body }) =>
    verified(store, "PUT", url).pipe(
      Effect.filterOrFail(({ terms, part }) => part !== null || terms.contentType === headers["content-type"]),
      Effect.flatMap((granted) => store.local!.take(granted, body)),
      Effect.match({ onSuccess: (etag) => etag, onFailure: () => null }),
      Effect.runPromise,
    ),
  download: (store, url) =>
    verified(store, "GET", url).pipe(
      Effect.flatMap(({ key }) => store.get(key)),
      Effect.flatMap(({ body }) => Effect.promise(() => buffer(body))),
      Effect.match({ onSuccess: (content) => content, onFailure: () => null }),
      Effect.runPromise,
    ),
})
