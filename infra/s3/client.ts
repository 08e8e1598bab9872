import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3"
import { defaultTimeouts, type S3Options, type S3Timeouts } from "./options.ts"

/** A client and the bucket that its requests are about. */
export interface Bucket {
  readonly client: S3Client
  readonly name: string
  /** Where it is, for people to read. */
  readonly place: string
}

export const timeoutsOf = (options: S3Options): S3Timeouts => ({ ...defaultTimeouts, ...options.timeouts })

/** What requests go through. Failed and throttled ones are tried again, each within its time. */
export const bucketOf = (options: S3Options): Bucket => {
  const { connect, idle, request } = timeoutsOf(options)
  const client = new S3Client({
    ...shared(options, options.endpoint),
    maxAttempts: options.attempts ?? 3,
    retryMode: "standard",
    requestHandler: {
      connectionTimeout: connect,
      socketTimeout: idle,
      requestTimeout: request,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: mostSockets },
      httpsAgent: { maxSockets: mostSockets },
    },
  })
  return { client, name: options.bucket, place: options.endpoint ?? `the cloud's region ${options.region}` }
}

/** What signs addresses. It sends nothing; by default it would sign the checksum of a body that is not there yet. */
export const signerOf = (options: S3Options): S3Client =>
  new S3Client({
    ...shared(options, options.publicEndpoint ?? options.endpoint),
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  })

/** Downloads keep a connection for as long as they last. */
const mostSockets = 200

const shared = (
  { region, accessKeyId, secretAccessKey, forcePathStyle }: S3Options,
  endpoint: string | undefined,
): S3ClientConfig => ({
  region,
  forcePathStyle: forcePathStyle ?? endpoint !== undefined,
  ...(endpoint === undefined ? {} : { endpoint }),
  ...(accessKeyId === undefined || secretAccessKey === undefined ? {} : { credentials: { accessKeyId, secretAccessKey } }),
})
