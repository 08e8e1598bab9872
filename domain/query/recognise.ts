import type { Call, Compare, CompareOperator, Node } from "./syntax.ts"

/** What a literal or a list of them is worth to the planner. */
export type Known = null | boolean | bigint | number | string

/** Unix seconds of `datetime(…)` with literal arguments, read as the user's local time; undefined for any other call. */
export const literalMoment = (node: Call, timezoneOffsetMinutes: number): number | undefined => {
  if (node.callee.kind !== "name" || node.callee.name !== "datetime") return undefined
  const args: number[] = []
  for (const { keyword, value } of node.args) {
    if (keyword !== null || value.kind !== "constant") return undefined
    if (typeof value.value !== "bigint" && typeof value.value !== "boolean") return undefined
    args.push(Number(value.value))
  }
  const micros = args.length < 3 || args.length > 7 ? undefined : microsOf(args)
  return micros === undefined ? undefined : (micros + timezoneOffsetMinutes * 60_000_000) / 1e6
}

/** Microseconds since 1970 of year, month, day, hour, minute, second, microsecond; undefined for what is no such time. */
export const microsOf = (parts: readonly number[]): number | undefined => {
  const [year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, micro = 0] = parts
  const inRange = year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31
  if (!inRange || !(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60)) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCDate() !== day || !(micro >= 0 && micro < 1_000_000)) return undefined
  return date.setUTCHours(hour, minute, second) * 1000 + micro
}

/** The value of a literal, a negative number or a literal `datetime(…)`. */
export const knownValue = (node: Node, timezoneOffsetMinutes: number): { readonly known: Known } | undefined => {
  if (node.kind === "constant") return node.value instanceof Uint8Array ? undefined : { known: node.value }
  if (node.kind === "unary" && node.operator === "-" && node.operand.kind === "constant") {
    const { value } = node.operand
    return typeof value === "bigint" || typeof value === "number" ? { known: -value } : undefined
  }
  const moment = node.kind === "call" ? literalMoment(node, timezoneOffsetMinutes) : undefined
  return moment === undefined ? undefined : { known: moment }
}

/** The values of a list of such literals. */
export const valuesOf = (node: Node, timezoneOffsetMinutes: number): readonly Known[] | undefined => {
  if (node.kind !== "list" && node.kind !== "tuple" && node.kind !== "set") return undefined
  const values = node.elements.map((element) => knownValue(element, timezoneOffsetMinutes))
  return values.every((value) => value !== undefined) ? values.map(({ known }) => known) : undefined
}

/** The name in `metric.name == "name"`, either way round. */
export const traceNameOf = (node: Compare): string | undefined => {
  const [left, right] = node.operands
  if (node.operators.length !== 1 || node.operators[0] !== "==" || left === undefined || right === undefined) return undefined
  for (const [asked, literal] of [[left, right] as const, [right, left] as const])
    if (isAttribute(asked, "metric", "name") && literal.kind === "constant" && typeof literal.value === "string")
      return literal.value
  return undefined
}

/** Whether a node is `object.name` with a bare name before the dot. */
export const isAttribute = (node: Node, object: string, name: string): boolean =>
  node.kind === "attribute" && node.name === name && node.object.kind === "name" && node.object.name === object

export const isArchived = (node: Node): boolean => isAttribute(node, "run", "archived") || isAttribute(node, "run", "is_archived")

const flipped: Partial<Record<CompareOperator, CompareOperator>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "==": "==",
  "!=": "!=",
}

/** The operator that says the same with its operands exchanged; undefined where there is none. */
export const flip = (operator: CompareOperator): CompareOperator | undefined => flipped[operator]
