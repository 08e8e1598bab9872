import { parseExpression, parseStarredList } from "./parse-expression.ts"
import { cursorOver, invalid, peek } from "./cursor.ts"
import { DepthFault, limits, type QuerySyntaxError, type QueryTooLarge, SyntaxFault } from "./faults.ts"
import { lex, type Lexed } from "./lexer.ts"
import type { Node } from "./syntax.ts"

/** Parses one Python 3.12 expression, on our own grammar: its words for errors and their places are Python's. */
export const parse = (source: string): { readonly tree: Node } | { readonly refused: QuerySyntaxError | QueryTooLarge } => {
  try {
    return { tree: parseWhole(lex(source)) }
  } catch (fault) {
    if (fault instanceof DepthFault)
      return {
        refused: { _tag: "QueryTooLarge", message: `The query is nested deeper than ${limits.depth}`, limit: limits.depth },
      }
    if (fault instanceof SyntaxFault) return { refused: describe(source, fault) }
    throw fault
  }
}

const parseWhole = (lexed: Lexed): Node => {
  const cursor = cursorOver(lexed.tokens)
  try {
    const tree = parseStarredList(cursor, parseExpression)
    if (peek(cursor).kind !== "end") throw invalid(cursor)
    return tree
  } catch (fault) {
    if (!(fault instanceof SyntaxFault) || lexed.unclosed === undefined || peek(cursor).kind !== "end") throw fault
    throw new SyntaxFault(`'${lexed.unclosed.text}' was never closed`, lexed.unclosed.start, lexed.unclosed.start, true)
  }
}

/** Line and offset count from 1, in characters; an end that Python leaves open is offset 0. */
const describe = (source: string, fault: SyntaxFault): QuerySyntaxError => {
  const start = placeOf(source, fault.start)
  const end = placeOf(source, fault.end)
  return {
    _tag: "QuerySyntaxError",
    message: fault.message,
    line: start.line,
    offset: start.offset,
    endLine: end.line,
    endOffset: fault.openEnd ? 0 : end.offset,
  }
}

/** Line and column of a position, both from 1, the column in characters. */
export const placeOf = (source: string, position: number): { readonly line: number; readonly offset: number } => {
  const lines = source.slice(0, position).split("\n")
  return { line: lines.length, offset: Array.from(lines.at(-1) ?? "").length + 1 }
}
