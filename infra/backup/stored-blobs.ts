/** Puts objects of a backup into the blob store. */
import { Effect } from "effect"
import type { BlobStore, BlobStoreUnavailable, UploadRefused } from "../../domain/ports/blob-store.ts"

export const isStored = (store: BlobStore["Service"], key: string): Effect.Effect<boolean, BlobStoreUnavailable> =>
  store.info(key).pipe(
    Effect.as(true),
    Effect.catchTag("BlobNotFound", () => Effect.succeed(false)),
  )

interface BlobToPut {
  readonly key: string
  readonly contentType: string
  readonly sha256?: string
}

export const putBlob = (
  store: BlobStore["Service"],
  { key, contentType, sha256 }: BlobToPut,
  body: AsyncIterable<Uint8Array>,
): Effect.Effect<unknown, BlobStoreUnavailable | UploadRefused> =>
  store.put(key, body, { contentType, ...(sha256 === undefined ? {} : { sha256 }) })
