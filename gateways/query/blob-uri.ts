/**
 * The opaque URIs of stored blobs: Fernet tokens over `<run>__seqs__<context id>__<sequence>__<step>__<index>`.
 *
 * Token, in URL-safe base64: 80, the seconds of issue (8 bytes, big-endian), an IV of 16 bytes, AES-128-CBC with PKCS7,
 * and an HMAC-SHA256 over all before it (the Fernet specification, version 0x80). Tokens do not expire.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto"

/** Which blob: item `index` at `step` of a sequence. */
export interface BlobPlace {
  readonly runId: string
  readonly contextId: number
  readonly name: string
  readonly step: number
  readonly index: number
}

export interface SealOptions {
  /** Unix seconds of issue; now by default. */
  readonly seconds?: number
  /** 16 bytes; random by default, and never to be used twice. */
  readonly iv?: Uint8Array
}

const version = 0x80
const ivAt = 9
const cipherAt = 25
const macSize = 32
const blockSize = 16

/**
 * The URI of a blob. `secret` is 32 bytes in URL-safe base64, the first half to sign and the second to encrypt; any other
 * throws a RangeError.
 */
export const sealBlobUri = (place: BlobPlace, secret: string, options: SealOptions = {}): string => {
  const key = keyOf(secret)
  if (key === undefined) throw new RangeError("the secret of blob URIs is not 32 bytes in URL-safe base64")
  const iv = options.iv ?? randomBytes(blockSize)
  const head = Buffer.alloc(ivAt)
  head[0] = version
  head.writeBigUInt64BE(BigInt(Math.floor(options.seconds ?? Date.now() / 1000)), 1)
  const cipher = createCipheriv("aes-128-cbc", key.encrypt, iv)
  const body = Buffer.concat([head, iv, cipher.update(textOf(place)), cipher.final()])
  return Buffer.concat([body, macOf(body, key.sign)])
    .toString("base64")
    .replaceAll("+", "-")
    .replaceAll("/", "_")
}

/** Which blob a URI means; undefined when the secret did not make it, or it is no such URI at all. Never throws. */
export const openBlobUri = (token: string, secret: string): BlobPlace | undefined => {
  const key = keyOf(secret)
  if (key === undefined || !/^[\w-]+={0,2}$/.test(token)) return undefined
  const bytes = Buffer.from(token, "base64url")
  const cipherSize = bytes.length - cipherAt - macSize
  if (cipherSize < blockSize || cipherSize % blockSize !== 0 || bytes[0] !== version) return undefined
  const body = bytes.subarray(0, -macSize)
  if (!timingSafeEqual(bytes.subarray(-macSize), macOf(body, key.sign))) return undefined
  const text = decrypt(body, key.encrypt)
  return text === undefined ? undefined : placeOf(text)
}

interface Key {
  readonly sign: Buffer
  readonly encrypt: Buffer
}

const keyOf = (secret: string): Key | undefined => {
  const bytes = Buffer.from(secret, "base64url")
  return bytes.length === 32 ? { sign: bytes.subarray(0, 16), encrypt: bytes.subarray(16) } : undefined
}

const macOf = (body: Buffer, sign: Buffer): Buffer => createHmac("sha256", sign).update(body).digest()

/** What a holder of the secret has signed may still be badly padded. */
const decrypt = (body: Buffer, encrypt: Buffer): string | undefined => {
  const decipher = createDecipheriv("aes-128-cbc", encrypt, body.subarray(ivAt, cipherAt))
  try {
    return Buffer.concat([decipher.update(body.subarray(cipherAt)), decipher.final()]).toString("utf8")
  } catch {
    return undefined
  }
}

const textOf = ({ runId, contextId, name, step, index }: BlobPlace): string =>
  `${runId}__seqs__${contextId}__${name}__${step}__${index}`

/** Names may hold `__` and `__seqs__`; a run id must not hold `__seqs__`, digits and `__` in a row. */
const placeOf = (text: string): BlobPlace | undefined => {
  const parts = /^(.+?)__seqs__(\d+)__(.*)__(-?\d+)__(\d+)$/s.exec(text)
  if (parts === null) return undefined
  const [, runId = "", contextId, name = "", step, index] = parts
  const place = { runId, contextId: Number(contextId), name, step: Number(step), index: Number(index) }
  const areSafe = [place.contextId, place.step, place.index].every(Number.isSafeInteger)
  return areSafe ? place : undefined
}
