import { advance, type Cursor, cursorOver, faultOver, invalid, lastEnd, nextIs, peek } from "./cursor.ts"
import { parseNamed, parseStarredList, parseYield } from "./parse-expression.ts"
import type { FormattedPart, Node } from "./syntax.ts"
import type { Token, TokenPart } from "./tokens.ts"

const isString = (token: Token): boolean => token.kind === "string" || token.kind === "bytes" || token.kind === "formatted"

/** String literals side by side are one. */
export const parseStrings = (cursor: Cursor): Node => {
  const tokens: Token[] = []
  while (isString(peek(cursor))) tokens.push(advance(cursor))
  const first = tokens[0]
  if (first === undefined) throw invalid(cursor)
  const span = { start: first.start, end: lastEnd(cursor) }
  const bytes = tokens.flatMap((token) => (token.value instanceof Uint8Array ? [token.value] : []))
  if (bytes.length > 0) {
    if (bytes.length < tokens.length) throw faultOver("cannot mix bytes and nonbytes literals", peek(cursor))
    return { kind: "constant", value: Uint8Array.from(bytes.flatMap((each) => Array.from(each))), ...span }
  }
  if (tokens.every((token) => token.kind === "string"))
    return { kind: "constant", value: tokens.map((token) => String(token.value)).join(""), ...span }
  const parts = tokens.flatMap((token): readonly FormattedPart[] =>
    token.kind === "string" ? [String(token.value)] : readParts(token.parts, cursor.depth),
  )
  return { kind: "formatted", parts, ...span }
}

const readParts = (parts: readonly TokenPart[], depth: number): readonly FormattedPart[] =>
  parts.flatMap((part): readonly FormattedPart[] => {
    if (typeof part === "string") return [part]
    const { conversion, label } = part
    const interpolation = { value: readValue(part.tokens, depth), conversion, format: readParts(part.format ?? [], depth) }
    return label === null ? [interpolation] : [label, interpolation]
  })

const readValue = (tokens: readonly Token[], depth: number): Node => {
  const cursor = cursorOver(tokens, depth + 1)
  const first = peek(cursor)
  if (nextIs(cursor, "lambda")) {
    const colon = tokens.at(-1)?.end ?? first.end
    throw faultOver("f-string: lambda expressions are not allowed without parentheses", first, { start: colon, end: colon + 1 })
  }
  const value = nextIs(cursor, "yield") ? parseYield(cursor) : parseStarredList(cursor, parseNamed)
  if (peek(cursor).kind !== "end") throw faultOver("f-string: expecting '=', or '!', or ':', or '}'", peek(cursor))
  return value
}
