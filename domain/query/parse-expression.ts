import {
  advance,
  type Cursor,
  expect,
  faultOver,
  guess,
  invalid,
  isKeyword,
  lastEnd,
  nested,
  nextIs,
  peek,
  take,
} from "./cursor.ts"
import { parseLambda } from "./parse-lambda.ts"
import { parsePrimary } from "./parse-primary.ts"
import type { BinaryOperator, CompareOperator, Node } from "./syntax.ts"
import type { Token } from "./tokens.ts"

/** `expression`: a conditional, a lambda, or what is made of `or`, `and` and `not`. */
export const parseExpression = (cursor: Cursor): Node => nested(cursor, expression)

const expression = (cursor: Cursor): Node => {
  if (nextIs(cursor, "lambda")) return parseLambda(cursor)
  const first = peek(cursor)
  const chosen = parseOr(cursor)
  if (!nextIs(cursor, "if")) {
    if (startsExpression(peek(cursor))) refuseNeighbours(cursor, first, chosen)
    return chosen
  }
  advance(cursor)
  const test = parseOr(cursor)
  if (!nextIs(cursor, "else")) {
    if (nextIs(cursor, ":")) throw invalid(cursor)
    throw faultOver("expected 'else' after 'if' expression", chosen, test)
  }
  advance(cursor)
  const otherwise = parseExpression(cursor)
  return { kind: "conditional", test, chosen, otherwise, start: chosen.start, end: otherwise.end }
}

const startsExpression = (token: Token): boolean => {
  if (token.kind === "operator") return ["(", "[", "{", "-", "+", "~", "..."].includes(token.text)
  if (token.kind === "keyword") return ["not", "lambda", "await", "None", "True", "False"].includes(token.text)
  return token.kind !== "end"
}

const softKeywords = ["_", "case", "match", "type"]

/** Two expressions side by side: says what Python says. It leaves out names that begin like a soft keyword, as Python does. */
const refuseNeighbours = (cursor: Cursor, first: Token, left: Node): void => {
  if (cursor.guessing) return
  const fault = invalid(cursor)
  if (first.kind === "name" && softKeywords.some((keyword) => keyword.startsWith(first.text))) throw fault
  const neighbour = peek(cursor)
  const isLegacy = first.text === "print" || first.text === "exec"
  const isBareName = first.kind === "name" && left.end === first.end && !isLegacy
  if (isBareName && ["string", "bytes", "formatted"].includes(neighbour.kind)) throw fault
  const right = guess(cursor, expression)
  if (right === undefined) throw fault
  if (left.kind === "name" && isLegacy)
    throw faultOver(`Missing parentheses in call to '${left.name}'. Did you mean ${left.name}(...)?`, left, right)
  if (cursor.tokens[cursor.at - 1]?.level === 0) throw fault
  throw faultOver("invalid syntax. Perhaps you forgot a comma?", left, right)
}

/** `named_expression`: an expression or `name := expression`. */
export const parseNamed = (cursor: Cursor): Node => {
  if (peek(cursor).kind === "name" && peek(cursor, 1).text === ":=") {
    const name = advance(cursor)
    advance(cursor)
    const value = parseExpression(cursor)
    return { kind: "walrus", name: name.text, value, start: name.start, end: value.end }
  }
  const parsed = parseExpression(cursor)
  if (nextIs(cursor, "=")) throw assignment(cursor, parsed)
  if (nextIs(cursor, ":=") && parsed.kind !== "name")
    throw faultOver(`cannot use assignment expressions with ${nameOf(parsed)}`, parsed)
  return parsed
}

const assignment = (cursor: Cursor, target: Node): Error => {
  const fault = invalid(cursor)
  if (["compare", "and", "or", "conditional", "lambda", "tuple"].includes(target.kind)) return fault
  if (target.kind === "unary" && target.operator === "not") return fault
  if (target.kind === "constant" && (target.value === null || typeof target.value === "boolean")) return fault
  advance(cursor)
  const value = guess(cursor, (at) => parseBinary(at, 0))
  if (value === undefined || nextIs(cursor, "=") || nextIs(cursor, ":=")) return fault
  if (target.kind === "name") return faultOver("invalid syntax. Maybe you meant '==' or ':=' instead of '='?", target, value)
  return faultOver(`cannot assign to ${nameOf(target)} here. Maybe you meant '==' instead of '='?`, target)
}

/** What Python calls a node when it may not be assigned to. */
export const nameOf = (node: Node): string => {
  if (node.kind === "constant")
    return node.value === null ? "None" : node.value === true ? "True" : node.value === false ? "False" : "literal"
  if (node.kind === "comprehension") return node.makes === "generator" ? "generator expression" : `${node.makes} comprehension`
  const names: Partial<Record<Node["kind"], string>> = {
    call: "function call",
    compare: "comparison",
    conditional: "conditional expression",
    formatted: "f-string expression",
    dict: "dict literal",
    set: "set display",
    walrus: "named expression",
    unary: "expression",
    binary: "expression",
    and: "expression",
    or: "expression",
  }
  return names[node.kind] ?? node.kind
}

/** Elements with commas between make a tuple; one alone is itself. A starred element needs a comma. */
export const parseStarredList = (cursor: Cursor, element: (cursor: Cursor) => Node): Node => {
  const first = parseStarredOr(cursor, element)
  if (!nextIs(cursor, ",")) {
    if (first.kind === "starred") throw faultOver("cannot use starred expression here", first)
    return first
  }
  const elements = [first]
  while (take(cursor, ",") && (nextIs(cursor, "*") || startsExpression(peek(cursor))))
    elements.push(parseStarredOr(cursor, element))
  return { kind: "tuple", elements, start: first.start, end: lastEnd(cursor) }
}

export const parseStarredOr = (cursor: Cursor, element: (cursor: Cursor) => Node): Node => {
  const star = peek(cursor)
  if (!take(cursor, "*")) return element(cursor)
  const value = parseBinary(cursor, 0)
  return { kind: "starred", value, start: star.start, end: value.end }
}

/** `disjunction`. */
export const parseOr = (cursor: Cursor): Node => parseChain(cursor, "or", parseAnd)
const parseAnd = (cursor: Cursor): Node => parseChain(cursor, "and", parseNot)

const parseChain = (cursor: Cursor, kind: "and" | "or", operand: (cursor: Cursor) => Node): Node => {
  const first = operand(cursor)
  if (!nextIs(cursor, kind)) return first
  const operands = [first]
  while (take(cursor, kind)) operands.push(operand(cursor))
  return { kind, operands, start: first.start, end: lastEnd(cursor) }
}

const parseNot = (cursor: Cursor): Node => {
  const not = peek(cursor)
  if (!isKeyword(not, "not")) return parseComparison(cursor)
  advance(cursor)
  const operand = nested(cursor, parseNot)
  return { kind: "unary", operator: "not", operand, start: not.start, end: operand.end }
}

const parseComparison = (cursor: Cursor): Node => {
  const first = parseBinary(cursor, 0)
  const operands = [first]
  const operators: CompareOperator[] = []
  for (let operator = takeComparison(cursor); operator !== undefined; operator = takeComparison(cursor)) {
    operators.push(operator)
    operands.push(parseBinary(cursor, 0))
  }
  return operators.length === 0 ? first : { kind: "compare", operators, operands, start: first.start, end: lastEnd(cursor) }
}

const takeComparison = (cursor: Cursor): CompareOperator | undefined => {
  const { kind, text } = peek(cursor)
  if (kind === "operator" && (text === "==" || text === "!=" || text === "<" || text === "<=" || text === ">" || text === ">=")) {
    advance(cursor)
    return text
  }
  if (take(cursor, "in")) return "in"
  if (nextIs(cursor, "not") && isKeyword(peek(cursor, 1), "in")) {
    cursor.at += 2
    return "not in"
  }
  if (!take(cursor, "is")) return undefined
  return take(cursor, "not") ? "is not" : "is"
}

const levels: readonly (readonly BinaryOperator[])[] = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "//", "%", "@"]]

/** `bitwise_or` at level 0, and what binds tighter at the levels above. */
export const parseBinary = (cursor: Cursor, level: number): Node => {
  const operators = levels[level]
  if (operators === undefined) return parseUnary(cursor)
  let left = parseBinary(cursor, level + 1)
  for (;;) {
    const token = peek(cursor)
    const operator = token.kind === "operator" ? operators.find((text) => text === token.text) : undefined
    if (operator === undefined) return left
    advance(cursor)
    const right = parseBinary(cursor, level + 1)
    left = { kind: "binary", operator, left, right, start: left.start, end: right.end }
  }
}

const parseUnary = (cursor: Cursor): Node => {
  const { kind, text, start } = peek(cursor)
  if (kind !== "operator" || (text !== "-" && text !== "+" && text !== "~")) return parsePower(cursor)
  advance(cursor)
  const operand = nested(cursor, parseUnary)
  return { kind: "unary", operator: text, operand, start, end: operand.end }
}

const parsePower = (cursor: Cursor): Node => {
  const start = peek(cursor)
  const awaits = take(cursor, "await")
  const primary = parsePrimary(cursor)
  const left: Node = awaits
    ? { kind: "unsupported", what: "await", operand: primary, start: start.start, end: primary.end }
    : primary
  if (!take(cursor, "**")) return left
  const right = nested(cursor, parseUnary)
  return { kind: "binary", operator: "**", left, right, start: left.start, end: right.end }
}

/** `yield …`, which no query may have, so that it is refused for what it is. */
export const parseYield = (cursor: Cursor): Node => {
  const { start } = expect(cursor, "yield")
  const needsValue = take(cursor, "from")
  const operand =
    needsValue || nextIs(cursor, "*") || startsExpression(peek(cursor)) ? parseStarredList(cursor, parseExpression) : null
  return { kind: "unsupported", what: "yield", operand, start, end: lastEnd(cursor) }
}
