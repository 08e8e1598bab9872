/** The longest key that LMDB takes with its usual page size, in bytes. */
export const longestKey = 1978

/** A key as a string of one character per byte, which compares, hashes and concatenates faster than bytes do. */
export const keyText = (key: Uint8Array): string => Buffer.prototype.latin1Slice.call(key, 0, key.length)

/** How a database takes keys: as bytes, or as such strings, of which no bytes need be made first. It answers bytes. */
export const storeKeys = {
  writeKey: (key: Uint8Array | string, target: Buffer, start: number): number => {
    if (typeof key !== "string") target.set(key, start)
    else if (start + key.length > target.length) throw new RangeError("the key is too long")
    else Buffer.prototype.latin1Write.call(target, key, start)
    return start + key.length
  },
  readKey: (source: Buffer, start: number, end: number): Uint8Array => Uint8Array.prototype.slice.call(source, start, end),
}

export const keyBytes = (text: string): Uint8Array => Buffer.from(text, "latin1")

/** The least key above every key that begins with a prefix; undefined above `ff ff …`. */
export const afterPrefix = (prefix: string): string | undefined => {
  let last = prefix.length - 1
  while (last >= 0 && prefix.charCodeAt(last) === 0xff) last--
  return last < 0 ? undefined : prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1)
}

/**
 * The bound of a range as LMDB takes it: never empty and never too long. No key lies between the bound and its replacement,
 * because no key is empty and none is longer than {@link longestKey}.
 */
export const storableBound = (text: string): string => {
  if (text === "") return "\0"
  if (text.length <= longestKey) return text
  return afterPrefix(text.slice(0, longestKey)) ?? "\xff".repeat(longestKey)
}
