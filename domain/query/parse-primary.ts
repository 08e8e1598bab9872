import { advance, type Cursor, expect, faultOver, invalid, isOperator, lastEnd, nested, nextIs, peek, take } from "./cursor.ts"
import { parseArguments } from "./parse-arguments.ts"
import { parseBraces, parseBrackets, parseGroup } from "./parse-displays.ts"
import { parseExpression, parseNamed, parseStarredOr } from "./parse-expression.ts"
import { parseStrings } from "./parse-strings.ts"
import type { Node } from "./syntax.ts"

/** An atom with the attributes, subscripts and calls that follow it. */
export const parsePrimary = (cursor: Cursor): Node => {
  let node = parseAtom(cursor)
  for (;;) {
    const { start } = node
    if (take(cursor, ".")) {
      if (peek(cursor).kind !== "name") throw invalid(cursor)
      const name = advance(cursor)
      node = { kind: "attribute", object: node, name: name.text, start, end: name.end }
    } else if (nextIs(cursor, "(")) {
      const args = nested(cursor, parseArguments)
      node = { kind: "call", callee: node, args, start, end: lastEnd(cursor) }
    } else if (nextIs(cursor, "[")) {
      const object = node
      const index = nested(cursor, (at) => parseIndex(at, object))
      node = { kind: "subscript", object, index, start, end: lastEnd(cursor) }
    } else return node
  }
}

const parseAtom = (cursor: Cursor): Node => {
  const token = peek(cursor)
  const { start, end, text } = token
  switch (token.kind) {
    case "name":
      advance(cursor)
      return { kind: "name", name: text, start, end }
    case "number":
      advance(cursor)
      return { kind: "constant", value: token.value, start, end }
    case "imaginary":
      advance(cursor)
      return { kind: "unsupported", what: "imaginary", operand: null, start, end }
    case "string":
    case "bytes":
    case "formatted":
      return parseStrings(cursor)
    case "keyword":
      return parseKeywordAtom(cursor)
    case "operator":
      if (text === "(") return nested(cursor, parseGroup)
      if (text === "[") return nested(cursor, parseBrackets)
      if (text === "{") return nested(cursor, parseBraces)
      if (text !== "...") throw invalid(cursor)
      advance(cursor)
      return { kind: "unsupported", what: "ellipsis", operand: null, start, end }
    case "end":
      throw invalid(cursor)
  }
}

const parseKeywordAtom = (cursor: Cursor): Node => {
  const { text, start, end } = peek(cursor)
  if (text !== "None" && text !== "True" && text !== "False") throw invalid(cursor)
  advance(cursor)
  return { kind: "constant", value: text === "None" ? null : text === "True", start, end }
}

const parseIndex = (cursor: Cursor, object: Node): Node => {
  const open = expect(cursor, "[")
  if (nextIs(cursor, "]")) throw faultOver("invalid syntax. Perhaps you forgot a comma?", object, peek(cursor))
  const elements: Node[] = []
  let isTuple = false
  do {
    if (nextIs(cursor, "]")) break
    elements.push(parseStarredOr(cursor, parseSlice))
    isTuple ||= nextIs(cursor, ",")
  } while (take(cursor, ","))
  const first = elements[0]
  expect(cursor, "]")
  return first !== undefined && !isTuple && first.kind !== "starred"
    ? first
    : { kind: "tuple", elements, start: first?.start ?? open.end, end: lastEnd(cursor) - 1 }
}

const parseSlice = (cursor: Cursor): Node => {
  const { start } = peek(cursor)
  const bound = (): Node | null =>
    [":", ",", "]"].some((text) => isOperator(peek(cursor), text)) ? null : parseExpression(cursor)
  const lower = isOperator(peek(cursor), ":") ? null : parseNamed(cursor)
  if (lower !== null && !nextIs(cursor, ":")) return lower
  expect(cursor, ":")
  const upper = bound()
  const step = take(cursor, ":") ? bound() : null
  return { kind: "slice", bounds: [lower, upper, step], start, end: lastEnd(cursor) }
}
