/** The blob store in memory: objects whose listing may lag, uploads that break off. */
import { createHmac } from "node:crypto"
import { Clock, Effect } from "effect"
import { signableBytes } from "../../domain/part-plan.ts"
import {
  type Blob,
  type BlobInfo,
  BlobNotFound,
  BlobStore,
  BlobStoreUnavailable,
  type ByteRange,
  type Granted,
  type PartUpload,
  type UploadedPart,
  UploadRefused,
} from "../../domain/ports/blob-store.ts"
import type { UploadTerms } from "../../domain/ports/blob-store.ts"
import { refused, sha256, SimulatedParts } from "./part-uploads.ts"
import { calmWire, type Wire } from "./wire.ts"

interface Kept {
  readonly content: Uint8Array
  readonly contentType: string
  /** Unix seconds. */
  readonly modified: number
  /** The id of the upload in parts that it was made by. */
  readonly upload?: string
}

/** What is stored: survives whoever asks. */
export class Objects {
  readonly byKey = new Map<string, Kept>()
  readonly inParts = new SimulatedParts()
}

export interface BlobTrouble {
  readonly away: () => string | null
  /** Whether an upload breaks off: nothing of it is stored. */
  readonly breaksOff: () => boolean
  /** Whether an object that is there is not listed yet. */
  readonly isUnlisted: (modified: number) => boolean
}

export const noBlobTrouble: BlobTrouble = { away: () => null, breaksOff: () => false, isUnlisted: () => false }

type PutTerms = Omit<UploadTerms, "expiresInSeconds">
type Fault = BlobStoreUnavailable | UploadRefused | BlobNotFound

export const connectBlobs = (
  objects: Objects,
  { wire = calmWire, trouble = noBlobTrouble }: { readonly wire?: Wire; readonly trouble?: BlobTrouble } = {},
): BlobStore["Service"] => {
  const asked = <A, F extends Fault = never>(act: (now: number) => Promise<A> | A): Effect.Effect<A, BlobStoreUnavailable | F> =>
    Effect.flatMap(Clock.currentTimeMillis, (millis) =>
      Effect.catchDefect(
        Effect.promise(async () => {
          await wire.arrive()
          const away = trouble.away()
          if (away !== null) throw new BlobStoreUnavailable({ message: away })
          const answer = await act(millis / 1_000)
          await wire.answer()
          return answer
        }),
        // Whatever `act` throws of these it declares.
        (defect) => (isFault(defect) ? Effect.fail(defect as BlobStoreUnavailable | F) : Effect.die(defect)),
      ),
    )

  const content = async (body: Uint8Array | AsyncIterable<Uint8Array>, terms: Omit<PutTerms, "contentType">) => {
    const bytes = await whole(body)
    if (trouble.breaksOff()) throw new BlobStoreUnavailable({ message: "the upload broke off" })
    if (terms.maxBytes !== undefined && bytes.length > terms.maxBytes) throw refused("too-large")
    if (terms.sha256 !== undefined && terms.sha256 !== sha256(bytes)) throw refused("checksum")
    return bytes
  }

  const put = async (
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    terms: PutTerms,
    now: number,
  ): Promise<BlobInfo> => {
    if (key === "") throw refused("key")
    objects.byKey.set(key, { content: await content(body, terms), contentType: terms.contentType, modified: now })
    return infoOf(key, objects.byKey.get(key)!)
  }

  const take = async ({ key, terms, part }: Granted, body: Uint8Array | AsyncIterable<Uint8Array>, now: number) => {
    const bytes = await content(body, terms)
    if (part !== null) objects.inParts.put({ key, id: part.upload }, part.number, bytes)
    else await put(key, bytes, terms, now)
    return `"${sha256(bytes)}"`
  }

  const complete = (upload: PartUpload, named: readonly UploadedPart[], maxBytes: number, now: number): BlobInfo => {
    const { key, id } = upload
    if (objects.byKey.get(key)?.upload !== id) {
      const made = objects.inParts.complete(upload, named, maxBytes)
      objects.byKey.set(key, { ...made, modified: now, upload: id })
    }
    return infoOf(key, kept(key))
  }

  const kept = (key: string): Kept => {
    const found = objects.byKey.get(key)
    if (found === undefined) throw new BlobNotFound({ message: "there is no such object", key })
    return found
  }

  const signed = (method: string, key: string, terms: UploadTerms, part: Granted["part"] = null) =>
    asked<string, UploadRefused>((now) => {
      if (part !== null) signableBytes(objects.inParts.planOf({ key, id: part.upload }), { ...terms, number: part.number })
      const text = JSON.stringify([method, key, { ...terms, expires: now + terms.expiresInSeconds }, part])
      const expires = Math.floor(now + terms.expiresInSeconds)
      const query = `terms=${encodeURIComponent(text)}&expires=${expires}${part === null ? "" : `&part=${part.number}`}`
      return `/blobs?${query}&signature=${signatureOf(query)}`
    })

  return BlobStore.of({
    signUpload: (key, terms) => Effect.map(signed("PUT", key, terms), (path) => ({ url: `${baseUrl}${path}`, headers: null })),
    signDownload: (key, expiresInSeconds) =>
      Effect.map(
        Effect.catchTag(signed("GET", key, { contentType: "", expiresInSeconds }), "UploadRefused", Effect.die),
        (path) => `${baseUrl}${path}`,
      ),
    put: (key, body, terms) => asked<BlobInfo, UploadRefused>((now) => put(key, body, terms, now)),
    get: (key, range) =>
      asked<Blob, BlobNotFound>(() => ({ ...infoOf(key, kept(key)), body: chunksOf(kept(key).content, range) })),
    info: (key) => asked<BlobInfo, BlobNotFound>(() => infoOf(key, kept(key))),
    list: (prefix, limit, after = "") =>
      asked(() =>
        [...objects.byKey]
          .filter(([key, one]) => key.startsWith(prefix) && isAfter(key, after) && !trouble.isUnlisted(one.modified))
          .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
          .slice(0, limit)
          .map(([key, one]) => infoOf(key, one)),
      ),
    remove: (keys) => asked(() => keys.filter((key) => objects.byKey.delete(key)).length),
    check: asked(() => undefined),
    uriOf: (key) => `memory://simulated/${key}`,
    parts: {
      begin: (key, plan) =>
        asked<string, UploadRefused>((now) => {
          if (key === "") throw refused("key")
          return objects.inParts.begin(key, plan, now)
        }),
      sign: (upload, { number, ...terms }) =>
        Effect.map(signed("PUT", upload.key, { contentType: "", ...terms }, { upload: upload.id, number }), (path) => ({
          url: `${baseUrl}${path}`,
          headers: null,
        })),
      complete: (upload, named, maxBytes) => asked<BlobInfo, UploadRefused>((now) => complete(upload, named, maxBytes, now)),
      abort: (upload) => asked(() => objects.inParts.abort(upload)),
      unfinished: (prefix) => asked(() => objects.inParts.unfinished(prefix)),
    },
    local: {
      take: (granted, body) => asked<string, UploadRefused>((now) => take(granted, body, now)),
      verify: (method, path) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const [, query = "", signature = ""] = /\?(.*)&signature=(.*)$/.exec(path) ?? []
          const wanted = new URLSearchParams(query)
          const told = JSON.parse(wanted.get("terms") ?? "[]") as [string, string, UploadTerms, Granted["part"]]
          const [by, key, terms, part] = told
          if (by !== method || signatureOf(query) !== signature) return Effect.fail(refused("signature"))
          return Number(wanted.get("expires")) < now / 1_000
            ? Effect.fail(refused("expired"))
            : Effect.succeed({ key, terms, part })
        }),
    },
  })
}

export const baseUrl = "http://blobs.simulated"

const signatureOf = (query: string): string => createHmac("sha256", "simulated").update(query).digest("hex")

const isFault = (defect: unknown): defect is Fault =>
  defect instanceof BlobStoreUnavailable || defect instanceof UploadRefused || defect instanceof BlobNotFound

const isAfter = (key: string, after: string): boolean => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0

const infoOf = (key: string, { content, contentType, modified }: Kept): BlobInfo => ({
  key,
  size: content.length,
  contentType,
  modified,
})

const whole = async (body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  if (body instanceof Uint8Array) return Uint8Array.from(body)
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of body) chunks.push(chunk)
  } catch (cause) {
    throw new BlobStoreUnavailable({ message: "the upload broke off", cause })
  }
  return Buffer.concat(chunks)
}

async function* chunksOf(content: Uint8Array, range?: ByteRange): AsyncGenerator<Uint8Array> {
  yield content.subarray(range?.start ?? 0, range?.end ?? content.length)
}
