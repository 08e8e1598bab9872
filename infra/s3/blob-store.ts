import { Effect, Layer } from "effect"
import { signableBytes } from "../../domain/part-plan.ts"
import {
  BlobNotFound,
  BlobStore,
  type BlobStoreUnavailable,
  type PartUploads,
  UploadRefused,
} from "../../domain/ports/blob-store.ts"
import { checkBucket, openBucket } from "./bucket.ts"
import { type Bucket, bucketOf, signerOf } from "./client.ts"
import { isNotFound, refusedOrUnavailable, unavailable } from "./faults.ts"
import type { S3Options } from "./options.ts"
import { abortParts, beginParts, completeParts, planned, unfinishedParts } from "./part-upload.ts"
import { putObject } from "./put.ts"
import { getObject, infoOf, listObjects } from "./read.ts"
import { removeObjects } from "./remove.ts"
import { signedDownload, signedPart, signedUpload } from "./signing.ts"

/** Most bytes of a key, by the protocol. */
const longestKey = 1_024
const defaultPartBytes = 8 * 2 ** 20

/**
 * Objects in a bucket of S3, or of any server that speaks its protocol. Clients upload to it and download from it
 * themselves, by addresses that hold what they were signed for. Fails at the start as {@link openBucket} says.
 */
export const s3Blobs = (options: S3Options): Layer.Layer<BlobStore, BlobStoreUnavailable> =>
  Layer.effect(
    BlobStore,
    Effect.gen(function* () {
      const bucket = yield* Effect.acquireRelease(
        Effect.sync(() => bucketOf(options)),
        ({ client }) => Effect.sync(() => client.destroy()),
      )
      const signer = yield* Effect.acquireRelease(
        Effect.sync(() => signerOf(options)),
        (client) => Effect.sync(() => client.destroy()),
      )
      yield* openBucket(bucket, options)
      return storeIn(bucket, signer, options)
    }),
  )

const storeIn = (bucket: Bucket, signer: ReturnType<typeof signerOf>, options: S3Options): BlobStore["Service"] => {
  const object = (key: string) => ({ Bucket: bucket.name, Key: key })
  const attempt = <A>(act: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, BlobStoreUnavailable> =>
    Effect.tryPromise({ try: act, catch: unavailable(bucket) })
  const found = <A>(
    key: string,
    act: (signal: AbortSignal) => Promise<A>,
  ): Effect.Effect<A, BlobStoreUnavailable | BlobNotFound> =>
    Effect.tryPromise({
      try: act,
      catch: (cause) =>
        isNotFound(cause) ? new BlobNotFound({ message: "there is no such object", key }) : unavailable(bucket)(cause),
    })
  return {
    signUpload: (key, terms) =>
      Effect.andThen(
        checked(key),
        attempt(() => signedUpload(signer, object(key), terms)),
      ),
    signDownload: (key, expiresInSeconds) => attempt(() => signedDownload(signer, object(key), expiresInSeconds)),
    put: (key, body, terms) =>
      Effect.andThen(
        checked(key),
        Effect.tryPromise({
          try: async (signal) => {
            const target = { bucket, key, contentType: terms.contentType, signal }
            await putObject(target, body, terms, options.partBytes ?? defaultPartBytes)
            return await infoOf(bucket, key, signal)
          },
          catch: refusedOrUnavailable(bucket),
        }),
      ),
    get: (key, range) => found(key, (signal) => getObject(bucket, key, range, signal)),
    info: (key) => found(key, (signal) => infoOf(bucket, key, signal)),
    list: (prefix, limit, after) => attempt((signal) => listObjects(bucket, prefix, limit, after, signal)),
    remove: (keys) => attempt((signal) => removeObjects(bucket, keys, signal)),
    check: checkBucket(bucket, options),
    uriOf: (key) => `s3://${bucket.name}/${key}`,
    parts: partUploads(bucket, signer),
    local: null,
  }
}

const partUploads = (bucket: Bucket, signer: ReturnType<typeof signerOf>): PartUploads => {
  const taken = <A>(act: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, BlobStoreUnavailable | UploadRefused> =>
    Effect.tryPromise({ try: act, catch: refusedOrUnavailable(bucket) })
  return {
    begin: (key, plan) =>
      Effect.andThen(
        checked(key),
        taken((signal) => beginParts(bucket, key, plan, signal)),
      ),
    sign: (upload, terms) =>
      taken(async () => {
        const plan = planned(upload)
        const part = { Bucket: bucket.name, Key: upload.key, UploadId: plan.uploadId }
        return signedPart(signer, part, terms, signableBytes(plan, terms))
      }),
    complete: (upload, parts, maxBytes) => taken((signal) => completeParts(bucket, upload, parts, maxBytes, signal)),
    abort: (upload) =>
      taken((signal) => abortParts(bucket, upload, signal)).pipe(
        // An id that is none of ours.
        Effect.catchTag("UploadRefused", () => Effect.void),
      ),
    unfinished: (prefix) =>
      Effect.tryPromise({ try: (signal) => unfinishedParts(bucket, prefix, signal), catch: unavailable(bucket) }),
  }
}

/** Parts that are `.` or `..` would be taken out of an address by whoever follows it. */
const checked = (key: string): Effect.Effect<void, UploadRefused> => {
  const bytes = Buffer.byteLength(key)
  const isFit = bytes > 0 && bytes <= longestKey && key.isWellFormed() && !/(^|\/)\.\.?(\/|$)/.test(key)
  if (isFit) return Effect.void
  const message = `a key is 1 to ${longestKey} bytes of valid Unicode, without parts that are . or ..`
  return Effect.fail(new UploadRefused({ message, reason: "key" }))
}
