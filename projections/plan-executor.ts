/** Looks a query's plan up in the indexes of runs. */
import type { Leaf, Plan, ValueRange } from "../domain/query/index.ts"
import { type Kind, nameOf, runsOf } from "./entities.ts"
import type { Tuple } from "./keys.ts"
import { deepestPath, pathText } from "./own-index.ts"
import type { Rows } from "./rows.ts"
import { isTold, type KeyRange, textEntries, valueEntries } from "./search-ranges.ts"
import { everyRun, indexed, indexedByUs, intersection, named, placed, type RunSet, union } from "./search-sets.ts"

/** The runs that can match a query; `exact` when each of them does, so that none has to be evaluated. */
export interface Candidates {
  readonly set: RunSet
  readonly exact: boolean
}

/** The runs that a plan tells. Deleted runs are in no index, so in no answer. */
export const candidatesOf = async (rows: Rows, plan: Plan): Promise<Candidates> => {
  if (plan.kind === "scan") return { set: everyRun(rows), exact: false }
  if (plan.kind === "leaf") {
    const { set, exact } = await leafRuns(rows, plan.leaf)
    return { set, exact: exact && plan.exact }
  }
  const children: Candidates[] = []
  for (const child of plan.children) children.push(await candidatesOf(rows, child))
  const sets = children.map(({ set }) => set)
  // Below an inexact plan a child may well be exact, but not the other way round.
  const exact = plan.exact && children.every((child) => child.exact)
  return { set: plan.kind === "and" ? intersection(sets) : union(sets), exact }
}

const leafRuns = async (rows: Rows, leaf: Leaf): Promise<Candidates> => {
  switch (leaf.index) {
    case "hash":
      return { set: named(rows, leaf.hashes), exact: true }
    case "active":
    case "archived":
      return { set: placed(rows, [leaf.index, leaf.value], (place) => place[leaf.index] === leaf.value), exact: true }
    case "createdAt":
      return {
        set: indexed(
          rows,
          ["created_at"],
          leaf.ranges.map((range) => valueEntries(["created_at"], range)),
        ),
        exact: true,
      }
    case "name":
    case "end":
    case "duration":
      return ownRuns(rows, [leaf.index], leaf.ranges)
    case "hparam":
      return hparamRuns(rows, leaf)
    case "trace":
      // The index has the sequences of every kind, the plan asks for metrics.
      return {
        set: indexed(
          rows,
          ["trace"],
          [...textRanges("trace", leaf.names), ...leaf.ranges.map((range) => valueEntries(["trace"], range))],
        ),
        exact: false,
      }
    case "experiment":
      return bearers(rows, "experiment", leaf.names)
    case "tag":
      return bearers(rows, "tag", [leaf.name])
  }
}

const ownRuns = (rows: Rows, index: Tuple, ranges: readonly ValueRange[]): Candidates => ({
  set: indexedByUs(
    rows,
    index,
    ranges.map((range) => valueEntries(["index", ...index], range)),
  ),
  exact: true,
})

const hparamRuns = (rows: Rows, { path, ranges }: Extract<Leaf, { readonly index: "hparam" }>): Candidates => {
  const [name = ""] = path
  if (path.length > 1) {
    const isIndexed = path.length <= deepestPath && path.every((part) => !part.includes("\0")) && isTold(pathText(path))
    return isIndexed ? ownRuns(rows, ["path", pathText(path)], ranges) : { set: everyRun(rows), exact: false }
  }
  if (!name.isWellFormed()) return { set: union([]), exact: true }
  // A longer name is in no index, see `indexHparams`.
  if (!isTold(name)) return { set: everyRun(rows), exact: false }
  const entries = ranges.map((range) => valueEntries(["hparam", name], range))
  return { set: indexed(rows, ["hparam", name], entries), exact: true }
}

const textRanges = (index: string, texts: readonly string[]): readonly KeyRange[] =>
  [...new Set(texts)].map((text) => textEntries([index], text))

/**
 * The runs of the entities that bear one of these names. While an entity's runs follow its new name, the index has some
 * of them under the former one: they are found by their links, and all that is found is to be evaluated.
 */
const bearers = async (rows: Rows, kind: Kind, names: readonly string[]): Promise<Candidates> => {
  const set = indexed(rows, [kind], textRanges(kind, names))
  const settling = (await rows.under("own", ["job", kind])).map(({ rest }) => String(rest[0]))
  if (settling.length === 0) return { set, exact: names.every(isTold) }
  const linked: RunSet[] = []
  for (const id of settling) {
    const name = await nameOf(rows, kind, id)
    if (name !== undefined && names.includes(name)) linked.push(linkedTo(rows, kind, id))
  }
  return { set: union([set, ...linked]), exact: false }
}

const linkedTo = (rows: Rows, kind: Kind, id: string): RunSet => ({
  chunks: async function* () {
    for await (const chunk of rows.eachUnder("system", [runsOf(kind), id])) yield chunk.map(({ rest }) => String(rest[0]))
  },
  has: (run) => rows.has("system", [runsOf(kind), id, run]),
})
