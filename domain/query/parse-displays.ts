import { type Cursor, expect, faultOver, invalid, lastEnd, nextIs, take } from "./cursor.ts"
import { SyntaxFault } from "./faults.ts"
import { nameOf, parseBinary, parseExpression, parseNamed, parseOr, parseStarredOr, parseYield } from "./parse-expression.ts"
import type { Clause, Node } from "./syntax.ts"

/** `( … )`: what stands inside, a tuple or a generator. */
export const parseGroup = (cursor: Cursor): Node => {
  const { start } = expect(cursor, "(")
  if (take(cursor, ")")) return { kind: "tuple", elements: [], start, end: lastEnd(cursor) }
  if (nextIs(cursor, "yield")) {
    const node = parseYield(cursor)
    expect(cursor, ")")
    return node
  }
  const first = parseStarredOr(cursor, parseNamed)
  if (startsComprehension(cursor)) return closeComprehension(cursor, "generator", start, first, null, ")")
  if (nextIs(cursor, ",")) {
    const elements = parseRest(cursor, first, ")")
    return { kind: "tuple", elements, start, end: lastEnd(cursor) }
  }
  if (first.kind === "starred" && nextIs(cursor, ")")) throw faultOver("cannot use starred expression here", first)
  expect(cursor, ")")
  return first
}

/** `[ … ]`. */
export const parseBrackets = (cursor: Cursor): Node => {
  const { start } = expect(cursor, "[")
  if (take(cursor, "]")) return { kind: "list", elements: [], start, end: lastEnd(cursor) }
  const first = parseStarredOr(cursor, parseNamed)
  if (startsComprehension(cursor)) return closeComprehension(cursor, "list", start, first, null, "]")
  return { kind: "list", elements: parseRest(cursor, first, "]"), start, end: lastEnd(cursor) }
}

/** `{ … }`: a dict or a set. */
export const parseBraces = (cursor: Cursor): Node => {
  const { start } = expect(cursor, "{")
  if (take(cursor, "}")) return { kind: "dict", entries: [], start, end: lastEnd(cursor) }
  if (nextIs(cursor, "**")) return parseDict(cursor, start, parseEntry(cursor))
  const first = parseStarredOr(cursor, parseNamed)
  if (first.kind !== "starred" && first.kind !== "walrus" && take(cursor, ":")) {
    const value = parseExpression(cursor)
    if (startsComprehension(cursor)) return closeComprehension(cursor, "dict", start, first, value, "}")
    return parseDict(cursor, start, { key: first, value })
  }
  if (startsComprehension(cursor)) return closeComprehension(cursor, "set", start, first, null, "}")
  return { kind: "set", elements: parseRest(cursor, first, "}"), start, end: lastEnd(cursor) }
}

const parseRest = (cursor: Cursor, first: Node, close: string): readonly Node[] => {
  const elements = [first]
  while (take(cursor, ",") && !nextIs(cursor, close)) elements.push(parseStarredOr(cursor, parseNamed))
  expect(cursor, close)
  return elements
}

interface Entry {
  readonly key: Node | null
  readonly value: Node
}

const parseDict = (cursor: Cursor, start: number, first: Entry): Node => {
  const entries = [first]
  while (take(cursor, ",") && !nextIs(cursor, "}")) entries.push(parseEntry(cursor))
  expect(cursor, "}")
  return { kind: "dict", entries, start, end: lastEnd(cursor) }
}

const parseEntry = (cursor: Cursor): Entry => {
  if (take(cursor, "**")) return { key: null, value: parseBinary(cursor, 0) }
  const key = parseExpression(cursor)
  if (!take(cursor, ":")) {
    if (nextIs(cursor, ",") || nextIs(cursor, "}"))
      throw new SyntaxFault("':' expected after dictionary key", key.end - 1, key.end, true)
    throw invalid(cursor)
  }
  return { key, value: parseExpression(cursor) }
}

const startsComprehension = (cursor: Cursor): boolean => nextIs(cursor, "for") || nextIs(cursor, "async")

const closeComprehension = (
  cursor: Cursor,
  makes: "list" | "set" | "dict" | "generator",
  start: number,
  element: Node,
  value: Node | null,
  close: string,
): Node => {
  if (element.kind === "starred") throw faultOver("iterable unpacking cannot be used in comprehension", element)
  const clauses = parseClauses(cursor)
  expect(cursor, close)
  return { kind: "comprehension", makes, element, value, clauses, start, end: lastEnd(cursor) }
}

/** `for target in iterable if condition …`, once or more. */
export const parseClauses = (cursor: Cursor): readonly Clause[] => {
  const clauses: Clause[] = []
  while (startsComprehension(cursor)) {
    const isAsync = take(cursor, "async")
    expect(cursor, "for")
    const target = parseTargets(cursor)
    expect(cursor, "in")
    const iterable = parseOr(cursor)
    const conditions: Node[] = []
    while (take(cursor, "if")) conditions.push(parseOr(cursor))
    clauses.push({ target, iterable, conditions, isAsync })
  }
  return clauses
}

const parseTargets = (cursor: Cursor): Node => {
  const first = parseTarget(cursor)
  if (!nextIs(cursor, ",")) {
    if (first.kind === "starred") throw faultOver("starred assignment target must be in a list or tuple", first)
    return first
  }
  const elements = [first]
  while (take(cursor, ",") && !nextIs(cursor, "in")) elements.push(parseTarget(cursor))
  return { kind: "tuple", elements, start: first.start, end: lastEnd(cursor) }
}

const parseTarget = (cursor: Cursor): Node => {
  const node = parseStarredOr(cursor, (at) => parseBinary(at, 0))
  refuseTarget(node)
  if (!nextIs(cursor, "in") && !nextIs(cursor, ",")) throw invalid(cursor)
  return node
}

/** A target is a name, or targets in brackets. */
const refuseTarget = (node: Node): void => {
  if (node.kind === "name" || node.kind === "attribute" || node.kind === "subscript") return
  if (node.kind === "starred") return refuseTarget(node.value)
  if (node.kind !== "tuple" && node.kind !== "list") throw faultOver(`cannot assign to ${nameOf(node)}`, node)
  for (const element of node.elements) refuseTarget(element)
}
