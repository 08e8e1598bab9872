import { advance, type Cursor, expect, faultOver, invalid, nextIs, peek, take } from "./cursor.ts"
import { SyntaxFault } from "./faults.ts"
import { parseExpression } from "./parse-expression.ts"
import type { Node, Parameter } from "./syntax.ts"

/** `lambda parameters: body`. */
export const parseLambda = (cursor: Cursor): Node => {
  const { start } = expect(cursor, "lambda")
  const parameters = parseParameters(cursor)
  expect(cursor, ":")
  const body = parseExpression(cursor)
  return { kind: "lambda", parameters, body, start, end: body.end }
}

const parseParameters = (cursor: Cursor): readonly Parameter[] => {
  let parameters: Parameter[] = []
  let role: "plain" | "keyword-only" = "plain"
  while (!nextIs(cursor, ":")) {
    const token = peek(cursor)
    if (parameters.at(-1)?.role === "keyword-rest") throw faultOver("arguments cannot follow var-keyword argument", token)
    if (take(cursor, "**")) parameters.push({ name: parameterName(cursor), role: "keyword-rest", initial: null })
    else if (take(cursor, "*")) {
      if (role === "keyword-only") throw faultOver("* argument may appear only once", token)
      role = "keyword-only"
      if (peek(cursor).kind === "name") parameters.push({ name: parameterName(cursor), role: "rest", initial: null })
      else if (!nextIs(cursor, ",") || peek(cursor, 1).kind !== "name")
        throw faultOver("named arguments must follow bare *", peek(cursor))
    } else if (take(cursor, "/")) {
      if (role !== "plain" || parameters.length === 0 || parameters.some((each) => each.role !== "plain"))
        throw faultOver("invalid syntax", token)
      parameters = parameters.map((parameter) => ({ ...parameter, role: "positional-only" }))
    } else parameters.push(parseParameter(cursor, role, parameters))
    if (!take(cursor, ",")) break
  }
  refuseRepeated(cursor, parameters)
  return parameters
}

const parseParameter = (cursor: Cursor, role: "plain" | "keyword-only", before: readonly Parameter[]): Parameter => {
  const token = peek(cursor)
  const name = parameterName(cursor)
  const initial: Node | null = take(cursor, "=") ? parseExpression(cursor) : null
  if (role === "plain" && initial === null && before.some((parameter) => parameter.initial !== null))
    throw faultOver("parameter without a default follows parameter with a default", token)
  return { name, role, initial }
}

const parameterName = (cursor: Cursor): string => {
  const token = peek(cursor)
  if (token.text === "(" && token.kind === "operator") {
    let last = 0
    while (!nextIs({ ...cursor, at: cursor.at + last }, ")") && peek(cursor, last).kind !== "end") last++
    throw faultOver("Lambda expression parameters cannot be parenthesized", token, peek(cursor, last))
  }
  if (token.kind !== "name") throw invalid(cursor)
  return advance(cursor).text
}

const refuseRepeated = (cursor: Cursor, parameters: readonly Parameter[]): void => {
  const seen = new Set<string>()
  for (const { name } of parameters) {
    const at = peek(cursor).start
    if (seen.has(name)) throw new SyntaxFault(`duplicate argument '${name}' in function definition`, at, at)
    seen.add(name)
  }
}
