/** Which metrics a query of metrics can mean at all. */
import { isAttribute, traceNameOf, valuesOf } from "./recognise.ts"
import type { Node } from "./syntax.ts"

const intersection = (left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> =>
  new Set(Array.from(left).filter((name) => right.has(name)))

/** The metric names that a matching trace must have one of; null where any may match. */
export const traceNames = (node: Node): ReadonlySet<string> | null => {
  if (node.kind === "and") {
    const sets = node.operands.map(traceNames).filter((set) => set !== null)
    return sets.length === 0 ? null : sets.reduce(intersection)
  }
  if (node.kind === "or") {
    const sets = node.operands.map(traceNames)
    return sets.every((set) => set !== null) ? new Set(sets.flatMap((set) => Array.from(set))) : null
  }
  if (node.kind !== "compare" || node.operators.length !== 1) return null
  const name = traceNameOf(node)
  if (name !== undefined) return new Set([name])
  const [asked, list] = node.operands
  if (node.operators[0] !== "in" || asked === undefined || list === undefined || !isAttribute(asked, "metric", "name"))
    return null
  const names = valuesOf(list, 0)
  return names?.every((each) => typeof each === "string") === true ? new Set(names) : null
}
