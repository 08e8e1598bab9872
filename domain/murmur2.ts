/**
 * The hash by which Kafka's default partitioner spreads keys: 32-bit MurmurHash2 (Austin Appleby, public domain) with the
 * seed that Kafka's clients use. Signed, as in Java.
 */
export const murmur2 = (bytes: Uint8Array): number => {
  const whole = bytes.length & ~3
  let hash = seed ^ bytes.length
  for (let i = 0; i < whole; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    const mixed = Math.imul(word, multiplier)
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed ^ (mixed >>> 24), multiplier)
  }
  for (let i = bytes.length - 1; i >= whole; i--) hash ^= bytes[i]! << (8 * (i - whole))
  if (whole < bytes.length) hash = Math.imul(hash, multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

const seed = 0x9747b28c
const multiplier = 0x5bd1e995

/** The partition of a key among `count`, as Kafka's default partitioner chooses it. */
export const partitionOf = (key: Uint8Array, count: number): number => (murmur2(key) & 0x7fffffff) % count
