import { mkdirSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { Effect, Layer } from "effect"
import { signableBytes } from "../../domain/part-plan.ts"
import { BlobNotFound, BlobStore, BlobStoreUnavailable, UploadRefused } from "../../domain/ports/blob-store.ts"
import { type Description, infoOf, ObjectFiles } from "./object-files.ts"
import { PartFiles } from "./part-files.ts"
import { keptSecret } from "../secret.ts"
import { type Grant, signedTarget, verifiedGrant } from "./signed-address.ts"

export interface FileBlobsOptions {
  readonly folder: string
  /** Where the gateway that serves the signed addresses is reached, such as `http://127.0.0.1:53800`. */
  readonly baseUrl: () => string
}

/** Most bytes of a key. */
const longestKey = 4_096

/**
 * Objects in a folder. Our own gateway serves the signed addresses, which hold no more than they were signed for: method,
 * key, time, and for uploads type, size and checksum.
 */
export const fileBlobs = ({ folder, baseUrl }: FileBlobsOptions): Layer.Layer<BlobStore, BlobStoreUnavailable> =>
  Layer.effect(
    BlobStore,
    Effect.gen(function* () {
      const { files, parts, secret } = yield* Effect.try({ try: () => openFolder(folder), catch: unavailable })
      const sign = (grant: Grant): string => `${baseUrl().replace(/\/+$/, "")}${signedTarget(secret, grant)}`
      return {
        signUpload: (key, { expiresInSeconds, ...terms }) =>
          Effect.as(checked(key), null).pipe(
            Effect.map(() => ({
              url: sign({ method: "PUT", key, expires: expiry(expiresInSeconds), terms, part: null }),
              headers: null,
            })),
          ),
        signDownload: (key, expiresInSeconds) =>
          Effect.sync(() =>
            sign({ method: "GET", key, expires: expiry(expiresInSeconds), terms: { contentType: "" }, part: null }),
          ),
        put: (key, body, terms) =>
          Effect.andThen(
            checked(key),
            taken(() => files.put(key, body, terms).then(infoOf)),
          ),
        get: (key, range) => Effect.map(described(files, key), (description) => blobOf(files, description, range)),
        info: (key) => Effect.map(described(files, key), infoOf),
        list: (prefix, limit, after) => attempt(() => files.list(prefix, limit, after)),
        remove: (keys) => attempt(() => removeAll(files, keys)),
        check: attempt(() => files.check()),
        uriOf: (key) => `${pathToFileURL(resolve(folder)).href}/${key.split("/").map(encodeURIComponent).join("/")}`,
        parts: {
          begin: (key, plan) =>
            Effect.andThen(
              checked(key),
              attempt(() => parts.begin(key, plan)),
            ),
          sign: (upload, asked) =>
            taken(async () => {
              const { number, expiresInSeconds, sha256 } = asked
              const maxBytes = signableBytes(await parts.plan(upload), asked)
              const part = { upload: upload.id, number }
              const terms = { contentType: "", maxBytes, ...(sha256 === undefined ? {} : { sha256 }) }
              return {
                url: sign({ method: "PUT", key: upload.key, expires: expiry(expiresInSeconds), terms, part }),
                headers: null,
              }
            }),
          complete: (upload, uploaded, maxBytes) => taken(() => parts.complete(upload, uploaded, maxBytes)),
          abort: (upload) => attempt(() => parts.abort(upload)),
          unfinished: (prefix) => attempt(() => parts.unfinished(prefix)),
        },
        local: {
          verify: (method, target) =>
            Effect.suspend(() => {
              const grant = verifiedGrant(secret, method, target, now())
              if (grant instanceof UploadRefused) return Effect.fail(grant)
              const { key, terms, part, expires } = grant
              return Effect.succeed({ key, terms: { ...terms, expiresInSeconds: expires - now() }, part })
            }),
          take: ({ key, terms, part }, body) =>
            taken(async () => {
              if (part === null) return `"${(await files.put(key, body, terms)).sha256}"`
              return `"${await parts.put({ key, id: part.upload }, part.number, body, terms.sha256)}"`
            }),
        },
      }
    }),
  )

const openFolder = (folder: string) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = new ObjectFiles(folder)
  return { files, parts: new PartFiles(folder, files), secret: keptSecret(folder, "signing-secret") }
}

/** Unix seconds. */
const now = (): number => Date.now() / 1_000
const expiry = (seconds: number): number => Math.ceil(now() + seconds)

const checked = (key: string): Effect.Effect<void, UploadRefused> => {
  const bytes = Buffer.byteLength(key)
  if (bytes > 0 && bytes <= longestKey && key.isWellFormed()) return Effect.void
  return Effect.fail(new UploadRefused({ message: `a key is 1 to ${longestKey} bytes of valid Unicode`, reason: "key" }))
}

const described = (files: ObjectFiles, key: string): Effect.Effect<Description, BlobStoreUnavailable | BlobNotFound> =>
  Effect.flatMap(
    attempt(() => files.describe(key)),
    (description) =>
      description === undefined
        ? Effect.fail(new BlobNotFound({ message: "there is no such object", key }))
        : Effect.succeed(description),
  )

const blobOf = (
  files: ObjectFiles,
  description: Description,
  range: { readonly start: number; readonly end?: number } | undefined,
) => {
  const end = Math.min(range?.end ?? description.size, description.size)
  return { ...infoOf(description), body: files.content(description, range?.start ?? 0, end) }
}

const removeAll = async (files: ObjectFiles, keys: readonly string[]): Promise<number> => {
  let removed = 0
  for (const key of keys) if (await files.remove(key)) removed++
  return removed
}

const unavailable = (cause: unknown): BlobStoreUnavailable =>
  new BlobStoreUnavailable({ message: `objects cannot be stored or read: ${cause instanceof Error ? cause.message : ""}`, cause })

const refusedOrUnavailable = (cause: unknown): UploadRefused | BlobStoreUnavailable =>
  cause instanceof UploadRefused ? cause : unavailable(cause)

const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, BlobStoreUnavailable> =>
  Effect.tryPromise({ try: act, catch: unavailable })

const taken = <A>(act: () => Promise<A>): Effect.Effect<A, UploadRefused | BlobStoreUnavailable> =>
  Effect.tryPromise({ try: act, catch: refusedOrUnavailable })
