import { S3ServiceException } from "@aws-sdk/client-s3"
import { BlobStoreUnavailable, UploadRefused } from "../../domain/ports/blob-store.ts"
import type { Bucket } from "./client.ts"

/** What went wrong, and what to do about it where that can be told. */
export const unavailable =
  ({ name, place }: Bucket) =>
  (cause: unknown): BlobStoreUnavailable => {
    if (cause instanceof BlobStoreUnavailable) return cause
    const hint = hints.find(({ when }) => when(cause))?.says
    const message = `the objects in bucket ${name} at ${place} cannot be reached: ${told(cause)}`
    return new BlobStoreUnavailable({ message: hint === undefined ? message : `${message}; ${hint}`, cause })
  }

export const refusedOrUnavailable =
  (bucket: Bucket) =>
  (cause: unknown): UploadRefused | BlobStoreUnavailable =>
    cause instanceof UploadRefused ? cause : unavailable(bucket)(cause)

/** Whether the server said that there is no such object. An answer without a body is named for its status alone. */
export const isNotFound = (cause: unknown): boolean => isNamed(cause, "NoSuchKey", "NotFound")

/** Whether the server said that there is no such upload in parts: it never was, or has ended. */
export const isNoUpload = (cause: unknown): boolean => isNamed(cause, "NoSuchUpload")

/** Whether the server took none of the parts' etags, sizes or order. */
export const isWrongParts = (cause: unknown): boolean =>
  isNamed(cause, "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "EntityTooLarge")

/** Whether the server cannot delete several objects at once as we ask: at all, or not these (a key may hold what XML cannot). */
export const knowsNoBatches = (cause: unknown): boolean =>
  isNamed(cause, "NotImplemented", "MethodNotAllowed", "MissingContentMD5", "MalformedXML")

export const isAlreadyOurs = (cause: unknown): boolean => isNamed(cause, "BucketAlreadyOwnedByYou")

export const isMissingBucket = (cause: unknown): boolean => isNamed(cause, "NoSuchBucket")

/** Whether it lies at what we ask with and not at the server's being away: asking again will not help. */
export const isOurs = (cause: unknown): boolean => {
  const status = statusOf(cause)
  return isNamed(cause, "CredentialsProviderError") || [301, 400, 401, 403, 404].includes(status ?? 0)
}

export const statusOf = (cause: unknown): number | undefined =>
  cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined

const isNamed = (cause: unknown, ...names: readonly string[]): boolean => cause instanceof Error && names.includes(cause.name)

/** Whether a request failed, and not the body that we were given to send. */
const isOfRequest = (cause: unknown): boolean => cause instanceof Error && "$metadata" in cause

const hints: readonly { readonly when: (cause: unknown) => boolean; readonly says: string }[] = [
  {
    when: (cause) => isNamed(cause, "CredentialsProviderError"),
    says: "set S3_ACCESS_KEY and S3_SECRET_KEY, or give the process credentials as the cloud does",
  },
  {
    when: (cause) => isNamed(cause, "InvalidAccessKeyId", "SignatureDoesNotMatch"),
    says: "check S3_ACCESS_KEY, S3_SECRET_KEY and S3_REGION",
  },
  { when: (cause) => isNamed(cause, "RequestTimeTooSkewed"), says: "set this machine's clock" },
  {
    when: isMissingBucket,
    says: "make the bucket, set S3_BUCKET to another, or MATYAN_S3_CREATE_BUCKET=true to have it made at the start",
  },
  {
    when: (cause) => statusOf(cause) === 403,
    says: "check the keys, and that their policy allows what docs/s3.md lists",
  },
  {
    when: (cause) => statusOf(cause) === 301 || isNamed(cause, "PermanentRedirect", "AuthorizationHeaderMalformed"),
    says: "the bucket is in another region: set S3_REGION",
  },
  {
    when: (cause) => isOurs(cause),
    says: "check S3_ACCESS_KEY, S3_SECRET_KEY, S3_REGION and S3_BUCKET",
  },
  {
    when: (cause) => isNamed(cause, "TimeoutError") || (isOfRequest(cause) && statusOf(cause) === undefined),
    says: "check S3_ENDPOINT and that the server runs",
  },
]

/** Its name and words; network errors of several addresses hold theirs inside. */
const told = (cause: unknown): string => {
  if (cause instanceof AggregateError) return cause.errors.map(told).join(", ")
  if (!(cause instanceof Error)) return String(cause)
  return cause.message === "" || cause.message === cause.name ? cause.name : `${cause.name}: ${cause.message}`
}
