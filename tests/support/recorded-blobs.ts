/** The objects that the golden answers were recorded with, in the file store, called by the addresses they had there. */
import { Effect, Layer } from "effect"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"

export const recordedBlobs = (folder: string, objects: ReadonlyMap<string, Uint8Array>) =>
  Layer.effect(
    BlobStore,
    Effect.gen(function* () {
      const files = yield* BlobStore
      for (const [key, bytes] of objects) yield* files.put(key, bytes, { contentType: "application/octet-stream" })
      return { ...files, uriOf: (key: string) => `s3://matyan-artifacts/${key}` }
    }),
  ).pipe(Layer.provide(fileBlobs({ folder, baseUrl: () => "http://localhost" })))
