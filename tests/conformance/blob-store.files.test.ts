import { buffer } from "node:stream/consumers"
import { Effect } from "effect"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"
import { freshFolder } from "../support/folders.ts"
import { blobStoreSuite } from "./blob-store.suite.ts"

/** What the gateway does with a signed address: checks it, and the type of an upload. */
const verified = (store: BlobStore["Service"], method: "PUT" | "GET", url: string) =>
  store.local!.verify(method, url.slice("http://blobs.test".length))

blobStoreSuite("files", {
  fresh: () => fileBlobs({ folder: freshFolder(), baseUrl: () => "http://blobs.test" }),
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
