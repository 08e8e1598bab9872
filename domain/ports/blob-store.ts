import { Context, Data, type Effect } from "effect"

export class BlobStoreUnavailable extends Data.TaggedError("BlobStoreUnavailable")<{
  readonly message: string
  readonly cause?: unknown
}> {}
export class BlobNotFound extends Data.TaggedError("BlobNotFound")<{ readonly message: string; readonly key: string }> {}
/**
 * The upload broke its terms (expired, tampered with, too large, other type, other checksum); nothing was stored. `upload`: there
 * is no such upload in parts, or it has ended; `parts`: they are not those that the upload was begun for.
 */
export class UploadRefused extends Data.TaggedError("UploadRefused")<{
  readonly message: string
  readonly reason: "signature" | "expired" | "too-large" | "content-type" | "checksum" | "key" | "upload" | "parts"
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

/** What an upload in parts is begun for. All parts have `partBytes`, but the last, which has the rest. */
export interface PartPlan {
  readonly contentType: string
  /** Of the whole object; at least 1. */
  readonly bytes: number
  /** From 5 MiB to 5 GiB, and so that there are at most 10,000 parts. */
  readonly partBytes: number
  /** Whether each part is signed with its SHA-256. S3 must know beforehand, and takes no part of the other kind then. */
  readonly hasChecksums: boolean
}

/** An upload in parts: the key that it is for, and the id under which the store knows it. */
export interface PartUpload {
  readonly key: string
  readonly id: string
}

export interface PartTerms {
  /** From 1. */
  readonly number: number
  readonly expiresInSeconds: number
  /** Hexadecimal; given where the plan has checksums, and only there. */
  readonly sha256?: string
}

/** A part as the answer to its upload named it: its number, and the `ETag` of the answer. */
export interface UploadedPart {
  readonly number: number
  readonly etag: string
}

export interface UnfinishedUpload extends PartUpload {
  /** Unix seconds, by the store's clock. */
  readonly begun: number
}

/**
 * Large objects in parts, each uploaded by an address of its own, in any order and any number of times. Nobody sees an object
 * before all its parts are there; whatever is known of an upload is in its id or with the store, so any process can go on with it.
 */
export interface PartUploads {
  /** Answers the upload's id, which nobody guesses and which holds for this key alone. */
  readonly begin: (key: string, plan: PartPlan) => Effect.Effect<string, BlobStoreUnavailable | UploadRefused>
  /** An address by which a client uploads a part; it takes no other content where a checksum is given, and no more bytes. */
  readonly sign: (upload: PartUpload, terms: PartTerms) => Effect.Effect<Upload, BlobStoreUnavailable | UploadRefused>
  /**
   * Makes the object of its parts: all of them, in order, each with the size that was planned, `maxBytes` together at most. Done
   * again after it was done, it answers the same, unless the object was replaced or removed meanwhile.
   */
  readonly complete: (
    upload: PartUpload,
    parts: readonly UploadedPart[],
    maxBytes: number,
  ) => Effect.Effect<BlobInfo, BlobStoreUnavailable | UploadRefused>
  /** Gives an upload up and removes its parts; one that is not there, or has ended, is no error. */
  readonly abort: (upload: PartUpload) => Effect.Effect<void, BlobStoreUnavailable>
  /** The uploads under a prefix that were begun and have not ended. */
  readonly unfinished: (prefix: string) => Effect.Effect<readonly UnfinishedUpload[], BlobStoreUnavailable>
}

/** What a signed address of ours allows: an object by its terms, or a part of one. */
export interface Granted {
  readonly key: string
  readonly terms: UploadTerms
  readonly part: { readonly upload: string; readonly number: number } | null
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
    readonly parts: PartUploads
    /**
     * Set where our own gateway serves the signed addresses (files): checks one, and gives what it was signed for.
     * `pathAndQuery` is the request's target, undecoded. `take` stores what comes by it, and answers its `ETag`, with quotes.
     */
    readonly local: {
      readonly verify: (method: "PUT" | "GET", pathAndQuery: string) => Effect.Effect<Granted, UploadRefused>
      readonly take: (
        granted: Granted,
        body: Uint8Array | AsyncIterable<Uint8Array>,
      ) => Effect.Effect<string, BlobStoreUnavailable | UploadRefused>
    } | null
  }
>()("matyan/BlobStore") {}
