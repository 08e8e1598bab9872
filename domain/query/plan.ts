import { doubleRanges, isRangeOperator, prefixRange, rangesFor, type Bounds, type ValueRange } from "./plan-ranges.ts"
import { aggregateOf, type Hparam, hparamOf, startsWith } from "./recognise-members.ts"
import { flip, isArchived, isAttribute, type Known, knownValue, valuesOf } from "./recognise.ts"
import type { Call, Compare, CompareOperator, Node } from "./syntax.ts"

/** A question that one index answers with a set of runs. Ranges may overlap and lists repeat: the answer is a set. */
export type Leaf =
  | { readonly index: "hash"; readonly hashes: readonly string[] }
  | { readonly index: "experiment"; readonly names: readonly string[] }
  | { readonly index: "tag"; readonly name: string }
  | { readonly index: "active" | "archived"; readonly value: boolean }
  /** The parameter below `hparams` at this path of names. */
  | { readonly index: "hparam"; readonly path: readonly string[]; readonly ranges: readonly ValueRange[] }
  | { readonly index: "createdAt" | "end" | "duration"; readonly ranges: readonly Bounds<"double", number>[] }
  | { readonly index: "name"; readonly ranges: readonly Bounds<"string", string>[] }
  /** Runs with a metric of one of these names, or in one of these ranges. */
  | { readonly index: "trace"; readonly names: readonly string[]; readonly ranges: readonly Bounds<"string", string>[] }

/**
 * Which runs can match, for others to look up. An exact plan gives the runs that match and no more; any other gives
 * candidates, which are evaluated. A scan goes through all runs.
 */
export type Plan =
  | { readonly kind: "scan"; readonly exact: false }
  | { readonly kind: "leaf"; readonly exact: boolean; readonly leaf: Leaf }
  | { readonly kind: "and" | "or"; readonly exact: boolean; readonly children: readonly Plan[] }

export interface PlanSettings {
  readonly timezoneOffsetMinutes: number
  readonly sequenceName: string | null
}

/** Plans a query. `tree` is null for an empty one; `hidesArchived` adds the filter that queries have by default. */
export const planQuery = (tree: Node | null, hidesArchived: boolean, settings: PlanSettings): Plan => {
  const archived: Planned = { plan: exactly({ index: "archived", value: false }), mayRaise: false }
  const asked: readonly (Planned | undefined)[] = tree === null ? [] : [planNode(tree, settings)]
  return and(hidesArchived ? [archived, ...asked] : asked)?.plan ?? { kind: "scan", exact: false }
}

/** A part of the plan, and whether evaluating that part may raise where it does not match. */
interface Planned {
  readonly plan: Plan
  readonly mayRaise: boolean
}

const exactly = (leaf: Leaf): Plan => ({ kind: "leaf", exact: true, leaf })

const planNode = (node: Node, settings: PlanSettings): Planned | undefined => {
  if (node.kind === "and") return and(node.operands.map((operand) => planNode(operand, settings)))
  if (node.kind === "or") return or(node.operands.map((operand) => planNode(operand, settings)))
  if (node.kind === "compare") return planCompare(node, settings)
  if (node.kind === "call" && startsWith(node) !== undefined) return planPrefix(node, settings)
  const leaf =
    node.kind === "unary" && node.operator === "not" ? flagLeaf(node.operand, false) : (flagLeaf(node, true) ?? tagCall(node))
  return leaf === undefined ? undefined : { plan: exactly(leaf), mayRaise: false }
}

/** The runs of all children that an index answers; those that none does are left to the re-check. */
const and = (children: readonly (Planned | undefined)[]): Planned | undefined => {
  const planned = children.filter((child) => child !== undefined)
  if (planned.length === 0) return undefined
  const exact = planned.length === children.length && planned.every(({ plan }) => plan.exact)
  const mayRaise = planned.length < children.length || planned.some((child) => child.mayRaise)
  const [only] = planned
  if (planned.length === 1 && only !== undefined && only.plan.kind === "leaf") return { plan: { ...only.plan, exact }, mayRaise }
  return { plan: { kind: "and", exact, children: planned.map(({ plan }) => plan) }, mayRaise }
}

/** The runs of any child, if indexes answer every one. What raises ends the whole query, so only the last may in an exact one. */
const or = (children: readonly (Planned | undefined)[]): Planned | undefined => {
  const planned = children.filter((child) => child !== undefined)
  if (planned.length < children.length) return undefined
  const exact = planned.every(({ plan }) => plan.exact) && planned.slice(0, -1).every(({ mayRaise }) => !mayRaise)
  return {
    plan: { kind: "or", exact, children: planned.map(({ plan }) => plan) },
    mayRaise: planned.some(({ mayRaise }) => mayRaise),
  }
}

/** A chain is the conjunction of its comparisons. */
const planCompare = (node: Compare, settings: PlanSettings): Planned | undefined => {
  const pairs = node.operators.map((operator, at): Planned | undefined => {
    const [left, right] = [node.operands[at], node.operands[at + 1]]
    return left === undefined || right === undefined ? undefined : planPair(left, operator, right, settings)
  })
  return pairs.length === 1 ? pairs[0] : and(pairs)
}

const planPair = (left: Node, operator: CompareOperator, right: Node, settings: PlanSettings): Planned | undefined => {
  if (operator === "in" && isAttribute(right, "run", "tags")) {
    const tag = knownValue(left, settings.timezoneOffsetMinutes)?.known
    return typeof tag === "string" ? { plan: exactly({ index: "tag", name: tag }), mayRaise: false } : undefined
  }
  const onRight = operator === "in" ? valuesOf(right, settings.timezoneOffsetMinutes) : knownOne(right, settings)
  if (onRight !== undefined) return planAsked(left, operator, onRight, settings)
  const turned = flip(operator)
  const onLeft = turned === undefined ? undefined : knownOne(left, settings)
  return turned === undefined || onLeft === undefined ? undefined : planAsked(right, turned, onLeft, settings)
}

const knownOne = (node: Node, settings: PlanSettings): readonly Known[] | undefined => {
  const value = knownValue(node, settings.timezoneOffsetMinutes)
  return value === undefined ? undefined : [value.known]
}

const planAsked = (
  asked: Node,
  operator: CompareOperator,
  values: readonly Known[],
  settings: PlanSettings,
): Planned | undefined => {
  const hparam = hparamOf(asked)
  if (hparam !== undefined) return planHparam(hparam, operator, values)
  const metric = aggregateOf(asked)
  if (metric !== undefined) return planAggregate(metric, operator, values)
  const leaf = leafFor(asked, operator, values, settings)
  if (leaf === undefined) return undefined
  // In a search of sequences the index tells the run, not which of its sequences it is.
  const exact = leaf.index !== "trace" || settings.sequenceName === null
  // An end that is not yet is None, which orders with nothing.
  const mayRaise = leaf.index === "end" && operator !== "==" && operator !== "in"
  return { plan: { kind: "leaf", exact, leaf }, mayRaise }
}

const leafFor = (asked: Node, operator: CompareOperator, values: readonly Known[], settings: PlanSettings): Leaf | undefined => {
  if (isAttribute(asked, "run", "active") || isArchived(asked)) return flagComparison(asked, operator, values)
  const time = times.find(([property]) => isAttribute(asked, "run", property))
  if (time !== undefined) return timeLeaf(time[1], operator, values)
  if (isAttribute(asked, "run", "name")) return nameLeaf(operator, values)
  if (operator !== "==" && operator !== "in") return undefined
  const names = values.every((value) => typeof value === "string") ? values : undefined
  if (names === undefined) return undefined
  if (isAttribute(asked, "run", "hash")) return { index: "hash", hashes: names }
  if (isAttribute(asked, "run", "experiment")) return { index: "experiment", names }
  const knowsTraces = settings.sequenceName === "metric" || (settings.sequenceName === null && operator === "==")
  return knowsTraces && isAttribute(asked, "metric", "name") ? { index: "trace", names, ranges: [] } : undefined
}

const flagComparison = (asked: Node, operator: CompareOperator, values: readonly Known[]): Leaf | undefined => {
  const [value] = values
  const isEqual = operator === "==" || operator === "is"
  if ((!isEqual && operator !== "!=" && operator !== "is not") || typeof value !== "boolean") return undefined
  return flagLeaf(asked, isEqual === value)
}

const flagLeaf = (node: Node, value: boolean): Leaf | undefined => {
  if (isAttribute(node, "run", "active")) return { index: "active", value }
  return isArchived(node) ? { index: "archived", value } : undefined
}

const tagCall = (node: Node): Leaf | undefined => {
  if (node.kind !== "call" || node.args.length !== 1) return undefined
  const [argument] = node.args
  const { callee } = node
  if (callee.kind !== "attribute" || callee.name !== "contains" || !isAttribute(callee.object, "run", "tags")) return undefined
  if (argument === undefined || argument.keyword !== null || argument.value.kind !== "constant") return undefined
  return typeof argument.value.value === "string" ? { index: "tag", name: argument.value.value } : undefined
}

/** The properties that are times or spans, and their indexes. */
const times = [
  ["created_at", "createdAt"],
  ["creation_time", "createdAt"],
  ["end_time", "end"],
  ["duration", "duration"],
] as const

const timeLeaf = (
  index: "createdAt" | "end" | "duration",
  operator: CompareOperator,
  values: readonly Known[],
): Leaf | undefined => {
  const asked = operator === "in" ? "==" : operator
  if (!isRangeOperator(asked)) return undefined
  const ranges: Bounds<"double", number>[] = []
  for (const value of values) {
    if ((typeof value !== "number" || Number.isNaN(value)) && typeof value !== "bigint") return undefined
    ranges.push(...doubleRanges(asked, value))
  }
  return { index, ranges }
}

const nameLeaf = (operator: CompareOperator, values: readonly Known[]): Leaf | undefined => {
  const asked = operator === "in" ? "==" : operator
  if (!isRangeOperator(asked)) return undefined
  const ranges: Bounds<"string", string>[] = []
  for (const value of values) {
    const found = typeof value === "string" ? rangesFor(asked, value) : undefined
    if (found === undefined) return undefined
    ranges.push(...found.filter((range) => range.type === "string"))
  }
  return { index: "name", ranges }
}

const planHparam = (hparam: Hparam, operator: CompareOperator, values: readonly Known[]): Planned | undefined => {
  const asked = operator === "in" ? "==" : operator
  if (!isRangeOperator(asked)) return undefined
  const ranges: ValueRange[] = []
  for (const value of values) {
    const found = rangesFor(asked, value)
    if (found === undefined) return undefined
    ranges.push(...found)
  }
  const mayRaise = hparam.mayRaise || asked !== "=="
  return { plan: exactly({ index: "hparam", path: hparam.path, ranges }), mayRaise }
}

/** Where there is no such metric its values are None, which is no number and orders with none. */
const planAggregate = (name: string, operator: CompareOperator, values: readonly Known[]): Planned | undefined => {
  if (operator !== "in" && !isRangeOperator(operator)) return undefined
  if (values.includes(null)) return undefined
  return { plan: { kind: "leaf", exact: false, leaf: { index: "trace", names: [name], ranges: [] } }, mayRaise: true }
}

const planPrefix = (node: Call, { sequenceName }: PlanSettings): Planned | undefined => {
  const call = startsWith(node)
  const found = call?.prefixes.map(prefixRange)
  if (call === undefined || found === undefined || !found.every((range) => range !== undefined)) return undefined
  const hparam = hparamOf(call.asked)
  if (hparam !== undefined) return { plan: exactly({ index: "hparam", path: hparam.path, ranges: found }), mayRaise: true }
  if (isAttribute(call.asked, "run", "name")) return { plan: exactly({ index: "name", ranges: found }), mayRaise: false }
  if (sequenceName !== "metric" || !isAttribute(call.asked, "metric", "name")) return undefined
  return { plan: { kind: "leaf", exact: false, leaf: { index: "trace", names: [], ranges: found } }, mayRaise: false }
}
