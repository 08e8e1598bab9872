import { type BucketLocationConstraint, CreateBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3"
import { Effect } from "effect"
import type { BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import { type Bucket, timeoutsOf } from "./client.ts"
import { isAlreadyOurs, isMissingBucket, isOurs, unavailable } from "./faults.ts"
import type { S3Options } from "./options.ts"

/** Fails where the bucket is not reached in time, is not there, or is not ours to list. */
export const checkBucket = (bucket: Bucket, options: S3Options): Effect.Effect<void, BlobStoreUnavailable> => {
  const { check } = timeoutsOf(options)
  // Listing tells more than the bucket's head, whose answer has no room for what is wrong.
  const listed = (abortSignal: AbortSignal) =>
    bucket.client.send(new ListObjectsV2Command({ Bucket: bucket.name, MaxKeys: 1 }), { abortSignal })
  return Effect.tryPromise({ try: listed, catch: unavailable(bucket) }).pipe(
    Effect.timeoutOrElse({
      duration: check,
      orElse: () => Effect.fail(unavailable(bucket)(new DOMException(`no answer within ${check} ms`, "TimeoutError"))),
    }),
    Effect.asVoid,
  )
}

/**
 * The check of a start. It fails on what will not mend itself: no such bucket (unless it is to be made), wrong keys, wrong
 * region. A server that is away is only told: the rest works, and objects will once it is back.
 */
export const openBucket = (bucket: Bucket, options: S3Options): Effect.Effect<void, BlobStoreUnavailable> =>
  checkBucket(bucket, options).pipe(
    Effect.catchIf(
      ({ cause }) => options.createBucket === true && isMissingBucket(cause),
      () => madeBucket(bucket, options.region),
    ),
    Effect.catchIf(
      ({ cause }) => !isOurs(cause),
      ({ message }) => Effect.logWarning("the blob store does not answer yet", { reason: message }),
    ),
  )

/** Another process may be making it too. */
const madeBucket = (bucket: Bucket, region: string): Effect.Effect<void, BlobStoreUnavailable> =>
  Effect.tryPromise({
    try: async (abortSignal) => {
      // The first region of the cloud is named by naming none; the others' names are more than the library knows of.
      const place = region === "us-east-1" ? {} : { LocationConstraint: region as BucketLocationConstraint }
      const command = new CreateBucketCommand({ Bucket: bucket.name, CreateBucketConfiguration: place })
      await bucket.client.send(command, { abortSignal }).catch((cause: unknown) => {
        if (!isAlreadyOurs(cause)) throw cause
      })
    },
    catch: unavailable(bucket),
  })
