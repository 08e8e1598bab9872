/** Whether a text holds characters beyond U+FFFF, which JavaScript counts twice. */
export const hasSurrogates = (text: string): boolean => /[\ud800-\udfff]/.test(text)

/** The characters of a text, as Python counts them. */
export const codePoints = (text: string): readonly string[] => Array.from(text)

/** `len` of a str. */
export const lengthOf = (text: string): number => (hasSurrogates(text) ? codePoints(text).length : text.length)

/** The characters that Python's str methods take for white space. */
const space = "\\t-\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"

export const allSpace = new RegExp(`^[${space}]+$`)
const leadingSpace = new RegExp(`^[${space}]+`)
const runsOfSpace = new RegExp(`[${space}]+`)

/** `str.isascii`. */
export const isAscii = (text: string): boolean => !beyondAscii.test(text)
const beyondAscii = new RegExp("[^\\0-\\x7f]")

const ends = "\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029"
const oneLine = new RegExp(`[^${ends}]*(?:\\r\\n|[${ends}])|[^${ends}]+$`, "g")
const lineEnd = new RegExp(`(?:\\r\\n|[${ends}])$`)

/** The lines of a text, at Python's many kinds of line ends. */
export const linesOf = (text: string, keepsEnds: boolean): readonly string[] => {
  const lines = text.match(oneLine) ?? []
  return keepsEnds ? lines : lines.map((line) => line.replace(lineEnd, ""))
}

export const trimStart = (text: string): string => text.replace(leadingSpace, "")

/** Goes back from the end by hand: a pattern tied to the end would try every run of spaces before it. */
export const trimEnd = (text: string): string => {
  let end = text.length
  while (end > 0 && allSpace.test(text[end - 1] ?? "")) end--
  return text.slice(0, end)
}

/** The words between white space, at most `limit` cuts from the left. */
export const words = (text: string, limit: number): readonly string[] => {
  const rest = trimStart(text)
  if (rest === "") return []
  const found: string[] = []
  let left = rest
  for (let cuts = 0; cuts < limit; cuts++) {
    const gap = runsOfSpace.exec(left)
    if (gap === null) break
    found.push(left.slice(0, gap.index))
    left = left.slice(gap.index + gap[0].length)
    if (left === "") return found
  }
  return [...found, left]
}
