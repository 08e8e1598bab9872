import { advance, type Cursor, expect, faultOver, nextIs, peek, take } from "./cursor.ts"
import { parseClauses } from "./parse-displays.ts"
import { parseExpression, parseNamed } from "./parse-expression.ts"
import type { Argument, Node } from "./syntax.ts"

/** The arguments of a call with their brackets. */
export const parseArguments = (cursor: Cursor): readonly Argument[] => {
  expect(cursor, "(")
  const args: Argument[] = []
  while (!nextIs(cursor, ")")) {
    const argument = parseArgument(cursor, args)
    refuseOrder(cursor, args, argument)
    args.push(argument)
    if (!take(cursor, ",")) break
  }
  expect(cursor, ")")
  return args
}

const parseArgument = (cursor: Cursor, before: readonly Argument[]): Argument => {
  if (take(cursor, "**")) return { keyword: "**", value: parseExpression(cursor) }
  if (take(cursor, "*")) return { keyword: "*", value: parseExpression(cursor) }
  const token = peek(cursor)
  if (token.kind === "name" && peek(cursor, 1).text === "=" && peek(cursor, 1).kind === "operator") {
    advance(cursor)
    const equals = advance(cursor)
    if (nextIs(cursor, ")") || nextIs(cursor, ",")) throw faultOver("expected argument value expression", token, equals)
    return { keyword: token.text, value: parseExpression(cursor) }
  }
  const isWalrus = token.kind === "name" && peek(cursor, 1).text === ":="
  const value = isWalrus ? parseNamed(cursor) : parseExpression(cursor)
  if (nextIs(cursor, "=")) {
    const { text } = token
    if (token.kind === "keyword" && ["True", "False", "None"].includes(text))
      throw faultOver(`cannot assign to ${text}`, token, peek(cursor))
    throw faultOver('expression cannot contain assignment, perhaps you meant "=="?', value, peek(cursor))
  }
  return {
    keyword: null,
    value: nextIs(cursor, "for") || nextIs(cursor, "async") ? parseGenerator(cursor, value, before) : value,
  }
}

/** A generator as an argument: alone it needs no brackets of its own. */
const parseGenerator = (cursor: Cursor, element: Node, before: readonly Argument[]): Node => {
  const clauses = parseClauses(cursor)
  const end = cursor.tokens[cursor.at - 1]?.end ?? element.end
  const node: Node = { kind: "comprehension", makes: "generator", element, value: null, clauses, start: element.start, end }
  if (before.length > 0 || (nextIs(cursor, ",") && peek(cursor, 1).text !== ")"))
    throw faultOver("Generator expression must be parenthesized", node)
  return node
}

const refuseOrder = (cursor: Cursor, before: readonly Argument[], argument: Argument): void => {
  if (argument.keyword !== null && argument.keyword !== "*") return
  const has = (test: (keyword: string | null) => boolean): boolean => before.some(({ keyword }) => test(keyword))
  const place = peek(cursor)
  if (argument.keyword === "*") {
    if (has((keyword) => keyword === "**"))
      throw faultOver("iterable argument unpacking follows keyword argument unpacking", argument.value)
    return
  }
  if (has((keyword) => keyword === "**")) throw faultOver("positional argument follows keyword argument unpacking", place)
  if (has((keyword) => keyword !== null && keyword !== "*"))
    throw faultOver("positional argument follows keyword argument", place)
}
