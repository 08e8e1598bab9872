import { Context, Data, type Effect } from "effect"

export class BlobStoreUnavailable extends Data.TaggedError("BlobStoreUnavailable")<{
  readonly message: string
  readonly cause?: unknown
}> {}
export class BlobNotFound extends Data.TaggedError("BlobNotFound")<{ readonly message: string; readonly key: string }> {}
/** The upload broke its terms (expired, tampered with, too large, other type, other checksum); nothing was stored. */
export class UploadRefused extends Data.TaggedError("UploadRefused")<{
  readonly message: string
  readonly reason: "signature" | "expired" | "too-large" | "content-type" | "checksum" | "key"
}> {}

/** What a listing tells of an object. Not every store lists types. */
export interface ListedBlob {
  readonly key: string
  readonly size: number
  /** Unix seconds, by the store's clock; whole ones in some stores, cut. */
  readonly modified: number
}

export interface BlobInfo extends ListedBlob {
  readonly contentType: string
}

export interface Blob extends BlobInfo {
  /** The bytes asked for, in chunks; read it to its end or return it. */
  readonly body: AsyncIterable<Uint8Array>
}

export interface UploadTerms {
  readonly contentType: string
  readonly expiresInSeconds: number
  /** Most bytes that the upload may have. Whoever receives the bytes sees to it: see `signUpload`. */
  readonly maxBytes?: number
  /** SHA-256 of the content, hexadecimal. */
  readonly sha256?: string
}

/** How an upload is made: `PUT url` with these headers beside its Content-Type. */
export interface Upload {
  readonly url: string
  readonly headers: Readonly<Record<string, string>> | null
}

export interface ByteRange {
  readonly start: number
  /** Exclusive; to the end when absent. */
  readonly end?: number
}

/** Objects by key, such as `<run>/<path>`. It does not know what they mean or who refers to them. */
export class BlobStore extends Context.Service<
  BlobStore,
  {
    /**
     * An address by which a client uploads. Type, checksum and time are enforced by every store; `maxBytes` only by those
     * whose addresses we serve (`local`), since S3 cannot sign a bound of the size.
     */
    readonly signUpload: (key: string, terms: UploadTerms) => Effect.Effect<Upload, BlobStoreUnavailable | UploadRefused>
    readonly signDownload: (key: string, expiresInSeconds: number) => Effect.Effect<string, BlobStoreUnavailable>
    readonly put: (
      key: string,
      body: Uint8Array | AsyncIterable<Uint8Array>,
      terms: Omit<UploadTerms, "expiresInSeconds">,
    ) => Effect.Effect<BlobInfo, BlobStoreUnavailable | UploadRefused>
    readonly get: (key: string, range?: ByteRange) => Effect.Effect<Blob, BlobStoreUnavailable | BlobNotFound>
    readonly info: (key: string) => Effect.Effect<BlobInfo, BlobStoreUnavailable | BlobNotFound>
    /** Objects under a prefix, by key, `limit` at a time, after the key `after`. */
    readonly list: (prefix: string, limit: number, after?: string) => Effect.Effect<readonly ListedBlob[], BlobStoreUnavailable>
    /**
     * Deletes; a key that is not there is no error. Answers how many were deleted, where some stores count keys that were
     * not there. Fails when any could not be deleted; the others are gone then.
     */
    readonly remove: (keys: readonly string[]) => Effect.Effect<number, BlobStoreUnavailable>
    /** Fails with what is wrong when objects could not be stored now. */
    readonly check: Effect.Effect<void, BlobStoreUnavailable>
    /** The address of an object as people write it: `s3://bucket/key`, `file://…`. */
    readonly uriOf: (key: string) => string
    /**
     * Set where our own gateway serves the signed addresses (files): checks one, and gives the key and terms it was
     * signed for. `pathAndQuery` is the request's target, undecoded.
     */
    readonly local: {
      readonly verify: (
        method: "PUT" | "GET",
        pathAndQuery: string,
      ) => Effect.Effect<{ readonly key: string; readonly terms: UploadTerms }, UploadRefused>
    } | null
  }
>()("matyan/BlobStore") {}
