/** The longest key that LMDB takes with its usual page size, in bytes. */
export const longestKey = 1978

/** A key as a string of one character per byte, which compares, hashes and concatenates faster than bytes do. */
export const keyText = (key: Uint8Array): string => Buffer.prototype.latin1Slice.call(key, 0, key.length)

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
