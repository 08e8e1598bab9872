/** Which keys a caller of the store may name, and how far a read goes. */
import { keyBytes, keyText, longestKey, storableBound } from "./key-text.ts"

/** Keys from here on are the store's own: its directories (`fe`) and its commit counter (`ff`). */
export const reserved = 0xfe

/** A chunk ends after so many rows, or once its values reach so many bytes. */
export const chunkRows = 512
export const chunkBytes = 256 * 1024

/** The key itself. Throws a RangeError where it is empty or the store's own. */
export const ownKey = (key: Uint8Array): Uint8Array => {
  if (key.length === 0) throw new RangeError("a key has no bytes; the store takes 1 or more")
  if (key[0]! >= reserved) throw new RangeError("keys from fe on are the store's own")
  return key
}

/** The range as LMDB takes it, without the store's own keys; undefined where no key can be in it. */
export const readableBounds = (
  begin: Uint8Array,
  end: Uint8Array,
): { readonly begin: Uint8Array; readonly end: Uint8Array } | undefined => {
  const last = end.length > 0 && end[0]! >= reserved ? Uint8Array.of(reserved) : end
  return Buffer.compare(begin, last) < 0 ? { begin: storable(begin), end: storable(last) } : undefined
}

/** The least key above another. */
export const afterKey = (key: Uint8Array): Uint8Array => {
  const after = new Uint8Array(key.length + 1)
  after.set(key)
  return after
}

const storable = (key: Uint8Array): Uint8Array =>
  key.length > 0 && key.length <= longestKey ? key : keyBytes(storableBound(keyText(key)))
