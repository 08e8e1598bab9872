import { createHmac, timingSafeEqual } from "node:crypto"
import { type Granted, UploadRefused, type UploadTerms } from "../../domain/ports/blob-store.ts"

/** What an address allows. `expires`: Unix seconds. */
export interface Grant {
  readonly method: "PUT" | "GET"
  readonly key: string
  readonly expires: number
  readonly terms: Pick<UploadTerms, "contentType" | "maxBytes" | "sha256">
  /** Of an upload in parts. */
  readonly part: Granted["part"]
}

const path = "/api/v1/blobs/"

/** The path and query that grant it. The key is base64url, so that nothing on the way can normalise or decode it. */
export const signedTarget = (secret: Uint8Array, grant: Grant): string => {
  const query = new URLSearchParams(fieldsOf(grant))
  query.set("signature", signatureOf(secret, grant))
  return `${path}${Buffer.from(grant.key).toString("base64url")}?${query}`
}

/** The grant that a target was signed for. */
export const verifiedGrant = (secret: Uint8Array, method: "PUT" | "GET", target: string, now: number): Grant | UploadRefused => {
  const parsed = parsedGrant(method, target)
  if (parsed === undefined) return refused("signature", "the address is not one of ours")
  const { grant, signature } = parsed
  const expected = Buffer.from(signatureOf(secret, grant))
  const given = Buffer.from(signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return refused("signature", "the address is not signed by us, or was changed")
  return now > grant.expires ? refused("expired", "the address has expired") : grant
}

const refused = (reason: UploadRefused["reason"], message: string): UploadRefused => new UploadRefused({ message, reason })

const fieldsOf = ({ expires, terms: { contentType, maxBytes, sha256 }, part }: Grant): Record<string, string> => ({
  expires: String(expires),
  ...(contentType === "" ? {} : { type: contentType }),
  ...(maxBytes === undefined ? {} : { max: String(maxBytes) }),
  ...(sha256 === undefined ? {} : { sha256 }),
  ...(part === null ? {} : { upload: part.upload, part: String(part.number) }),
})

/** HMAC-SHA256 over everything that is granted, as a JSON list, so that no two grants read the same. */
const signatureOf = (secret: Uint8Array, { method, key, expires, terms, part }: Grant): string => {
  const { contentType, maxBytes, sha256 } = terms
  const granted = [method, key, expires, contentType, maxBytes ?? null, sha256 ?? null]
  return createHmac("sha256", secret)
    .update(JSON.stringify(part === null ? granted : [...granted, part.upload, part.number]))
    .digest("hex")
}

const parsedGrant = (
  method: "PUT" | "GET",
  target: string,
): { readonly grant: Grant; readonly signature: string } | undefined => {
  const begin = target.indexOf(path)
  const queryAt = target.indexOf("?")
  if (begin < 0 || queryAt < begin) return undefined
  const key = Buffer.from(target.slice(begin + path.length, queryAt), "base64url").toString("utf8")
  const query = new URLSearchParams(target.slice(queryAt + 1))
  const [max, sha256, upload] = [query.get("max"), query.get("sha256"), query.get("upload")]
  const terms = {
    contentType: query.get("type") ?? "",
    ...(max === null ? {} : { maxBytes: Number(max) }),
    ...(sha256 === null ? {} : { sha256 }),
  }
  const part = upload === null ? null : { upload, number: Number(query.get("part")) }
  return { grant: { method, key, expires: Number(query.get("expires")), terms, part }, signature: query.get("signature") ?? "" }
}
