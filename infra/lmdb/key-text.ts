/** The longest key that LMDB takes with its usual page size, in bytes. */
export const longestKey = 1978

/** A key as a string of one character per byte, which compares, hashes and concatenates faster than bytes do. */
export const keyText = (key: Uint8Array): string => Buffer.prototype.latin1Slice.call(key, 0, key.length)

export const keyBytes = (text: string): Uint8Array => Buffer.from(text, "latin1")

/** Writes and reads key texts where LMDB has its keys: no bytes are made only to be copied. lmdb's `keyEncoder`. */
export const textKeys = {
  /** Answers where the key ends. lmdb makes more room and asks again when it hears of a RangeError. */
  writeKey: (text: string, target: Buffer, start: number): number => {
    if (start + text.length > target.length) throw new RangeError("the key does not fit")
    return start + target.write(text, start, "latin1")
  },
  readKey: (source: Buffer, start: number, end: number): string => source.toString("latin1", start, end),
}

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
