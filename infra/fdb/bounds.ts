/** Which keys and values a caller may name, and what a read covers. */

/** What the cluster takes, in bytes: https://apple.github.io/foundationdb/known-limitations.html */
const longestKey = 10_000
const longestValue = 100_000

/** Keys from here on are the directories' own (`fe`) and the cluster's (`ff`). */
const reserved = Buffer.from([0xfe])

/** The key as the library takes it; a RangeError where it is empty, too long or not the caller's. `above` is what it stands behind. */
export const ownKey = (key: Uint8Array, above: number): Buffer => {
  if (key.length === 0) throw new RangeError("a key has no bytes; the store takes 1 or more")
  if (key[0]! >= reserved[0]!) throw new RangeError("keys from fe on are the store's own")
  if (key.length + above > longestKey)
    throw new RangeError(`a key has ${key.length} bytes; the store takes ${longestKey - above}`)
  return buffer(key)
}

export const ownValue = (value: Uint8Array): Buffer => {
  if (value.length > longestValue) throw new RangeError(`a value has ${value.length} bytes; the store takes ${longestValue}`)
  return buffer(value)
}

export interface Bounds {
  readonly begin: Buffer
  readonly end: Buffer
}

/** The range without the store's own keys; undefined where no key can be in it. */
export const readable = (begin: Uint8Array, end: Uint8Array): Bounds | undefined => {
  const last = end.length > 0 && end[0]! >= reserved[0]! ? reserved : buffer(end)
  return Buffer.compare(begin, last) < 0 ? { begin: buffer(begin), end: last } : undefined
}

/** The same bytes: the library knows no other bytes than a Buffer. */
export const buffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
