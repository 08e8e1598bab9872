/** The sum of a stored 64-bit little-endian integer (0 where absent; missing high bytes are 0) and a delta, wrapping. */
export const sumOf = (stored: Uint8Array | undefined, delta: bigint): Uint8Array => {
  const sum = new Uint8Array(8)
  if (stored !== undefined) sum.set(stored.subarray(0, 8))
  const view = new DataView(sum.buffer)
  view.setBigInt64(0, BigInt.asIntN(64, view.getBigInt64(0, true) + delta), true)
  return sum
}
