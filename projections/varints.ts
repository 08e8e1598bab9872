/** Natural numbers below 2^53 in few bytes: seven bits each, the least first, the highest bit set on all but the last (LEB128). */

export const appendVarint = (natural: number, out: number[]): void => {
  let rest = natural
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128)
  out.push(rest)
}

/** Up to `most` numbers from the beginning of the bytes, and where they end. */
export const readVarints = (
  bytes: Uint8Array,
  most = Number.POSITIVE_INFINITY,
): { readonly numbers: readonly number[]; readonly end: number } => {
  const numbers: number[] = []
  let natural = 0
  let scale = 1
  let end = 0
  while (end < bytes.length && numbers.length < most) {
    const byte = bytes[end++]!
    natural += (byte & 127) * scale
    scale *= 128
    if (byte > 127) continue
    numbers.push(natural)
    natural = 0
    scale = 1
  }
  return { numbers, end }
}
