/** `explain=true`: instead of the runs, how a search finds them. */
import type { Plan, ValueRange } from "../../domain/query/index.ts"
import { candidatesOf } from "../../projections/plan-executor.ts"
import type { Rows } from "../../projections/rows.ts"
import { fewRunsOf } from "../../projections/search-sets.ts"
import { mostCandidates, type Search } from "./search.ts"
import { searchLimits } from "./search-walk.ts"
import type { Tree } from "./stream-codec.ts"

/** Runs the search to its end, `matches` being how many runs it found. */
export const explanation = async (search: Search, find: () => Promise<number>): Promise<Tree> => {
  const began = performance.now()
  const matches = await find()
  const spent = performance.now() - began
  const { query, candidates } = search
  return {
    query: query.text,
    way: candidates === null ? "walk" : "index",
    exact: candidates?.exact ?? false,
    candidates: candidates?.count ?? null,
    looked_at: search.looked,
    matches,
    plan: await search.read((rows) => planTree(rows, query.plan)),
    spent: { milliseconds: Math.round(spent), steps: search.steps },
    limits: { ...searchLimits, candidates: mostCandidates },
  }
}

/** A plan with how many runs each part of it tells; null where they are more than a search would take. */
const planTree = async (rows: Rows, plan: Plan): Promise<Tree> => {
  if (plan.kind === "scan") return { kind: "scan" }
  const { set, exact } = await candidatesOf(rows, plan)
  const runs = (await fewRunsOf(set, mostCandidates))?.size ?? null
  if (plan.kind === "leaf") return { kind: "index", ...leafTree(plan.leaf), exact, runs }
  const parts: Tree[] = []
  for (const child of plan.children) parts.push(await planTree(rows, child))
  return { kind: plan.kind, exact, runs, parts }
}

/** Which index is asked for what. */
const leafTree = (leaf: Extract<Plan, { readonly kind: "leaf" }>["leaf"]): Readonly<Record<string, Tree>> => {
  const { index, ...asked } = leaf
  const told = Object.entries(asked).map(([key, value]): readonly [string, Tree] => [
    key,
    key === "ranges" ? (value as readonly ValueRange[]).map(rangeText) : (value as Tree),
  ])
  return { index, ...Object.fromEntries(told) }
}

const rangeText = ({ type, low, lowInclusive, high, highInclusive }: ValueRange): string => {
  const below = low === undefined ? "(" : `${lowInclusive ? "[" : "("}${JSON.stringify(String(low))}`
  const above = high === undefined ? ")" : `${JSON.stringify(String(high))}${highInclusive ? "]" : ")"}`
  return `${type} ${below}, ${above}`
}
