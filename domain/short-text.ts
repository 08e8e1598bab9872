/** Short texts that come again and again, as names of parameters and metrics do, are decoded once. */

const longest = 24
const places = 2_048
const known: (string | undefined)[] = Array.from({ length: places })

/** The text of the UTF-8 bytes from one place to another. */
export const textOf = (bytes: Buffer, from: number, to: number): string => {
  const length = to - from
  if (length > longest) return bytes.toString("utf8", from, to)
  let hash = length
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte > 0x7f) return bytes.toString("utf8", from, to)
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const place = (hash ^ (hash >>> 11)) & (places - 1)
  const text = known[place]
  if (text !== undefined && isText(text, bytes, from, length)) return text
  return (known[place] = bytes.toString("latin1", from, to))
}

const isText = (text: string, bytes: Buffer, from: number, length: number): boolean => {
  if (text.length !== length) return false
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false
  return true
}
