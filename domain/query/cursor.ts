import { DepthFault, limits, SyntaxFault } from "./faults.ts"
import type { Span } from "./syntax.ts"
import type { Token } from "./tokens.ts"

/** A place among tokens. Parsing is plain functions over it; what fails throws a SyntaxFault or a DepthFault. */
export interface Cursor {
  readonly tokens: readonly Token[]
  at: number
  depth: number
  /** While guessing at what might stand here, errors need no good words. */
  guessing: boolean
}

export const cursorOver = (tokens: readonly Token[], depth = 0): Cursor => ({ tokens, at: 0, depth, guessing: false })

const nowhere: Token = { kind: "end", text: "", start: 0, end: 0, level: 0, value: null, parts: [] }

export const peek = (cursor: Cursor, ahead = 0): Token => cursor.tokens[cursor.at + ahead] ?? cursor.tokens.at(-1) ?? nowhere

/** Takes the token here, whatever it is. */
export const advance = (cursor: Cursor): Token => {
  const token = peek(cursor)
  cursor.at++
  return token
}

/** Where what was read last ends. */
export const lastEnd = (cursor: Cursor): number => cursor.tokens[cursor.at - 1]?.end ?? 0

export const isOperator = (token: Token, text: string): boolean => token.kind === "operator" && token.text === text
export const isKeyword = (token: Token, text: string): boolean => token.kind === "keyword" && token.text === text

export const nextIs = (cursor: Cursor, text: string): boolean => {
  const token = peek(cursor)
  return token.text === text && (token.kind === "operator" || token.kind === "keyword")
}

/** Takes an operator or keyword if it is next. */
export const take = (cursor: Cursor, text: string): boolean => {
  if (!nextIs(cursor, text)) return false
  cursor.at++
  return true
}

export const expect = (cursor: Cursor, text: string): Token => {
  if (!nextIs(cursor, text)) throw invalid(cursor)
  return advance(cursor)
}

/** "invalid syntax" at the token here. */
export const invalid = (cursor: Cursor): SyntaxFault => {
  const token = peek(cursor)
  return new SyntaxFault("invalid syntax", token.start, token.kind === "end" ? token.start : token.end)
}

export const faultOver = (message: string, from: Span, to: Span = from): SyntaxFault =>
  new SyntaxFault(message, from.start, to.end)

/** Runs a parse one level deeper. The tree may be a little less deep than the brackets that the user wrote. */
export const nested = <A>(cursor: Cursor, parse: (cursor: Cursor) => A): A => {
  if (cursor.depth >= limits.depth) throw new DepthFault()
  cursor.depth++
  const parsed = parse(cursor)
  cursor.depth--
  return parsed
}

/** What stands here if it parses; goes back otherwise. */
export const guess = <A>(cursor: Cursor, parse: (cursor: Cursor) => A): A | undefined => {
  const { at, depth, guessing } = cursor
  cursor.guessing = true
  try {
    return parse(cursor)
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault
    cursor.at = at
    return undefined
  } finally {
    cursor.depth = depth
    cursor.guessing = guessing
  }
}
