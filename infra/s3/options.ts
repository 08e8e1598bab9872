export interface S3Options {
  readonly bucket: string
  readonly region: string
  /** Another server than the cloud's, such as `http://localhost:9000`. */
  readonly endpoint?: string | undefined
  /** How clients reach that server, for signed addresses; as `endpoint` where it is not given. */
  readonly publicEndpoint?: string | undefined
  /** Both or none: without them credentials are found as the client library finds them (environment, files, roles). */
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  /** `/bucket/key` and not `bucket.host/key`; by default where there is an endpoint of one's own. */
  readonly forcePathStyle?: boolean | undefined
  /** Makes the bucket at the start where it is missing. */
  readonly createBucket?: boolean | undefined
  /** Tries of one request, the first included; 3 by default. */
  readonly attempts?: number | undefined
  readonly timeouts?: Partial<S3Timeouts> | undefined
  /** Bytes of one part of a large upload: at least 5 MiB, where there are more parts than one; 8 MiB by default. */
  readonly partBytes?: number | undefined
}

/** In milliseconds, of one try. */
export interface S3Timeouts {
  /** To open a connection: 3,000. */
  readonly connect: number
  /** Nothing sent and nothing received, also within an object's content: 30,000. */
  readonly idle: number
  /** From the request to the head of its answer: 120,000. */
  readonly request: number
  /** All tries of the question whether the bucket is there: 5,000. */
  readonly check: number
}

export const defaultTimeouts: S3Timeouts = { connect: 3_000, idle: 30_000, request: 120_000, check: 5_000 }
