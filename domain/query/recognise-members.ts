/** What a query asks of a run in more than one step: parameters, aggregates of metrics, beginnings of texts. */
import { isAttribute } from "./recognise.ts"
import type { Call, Node } from "./syntax.ts"

export interface Hparam {
  readonly path: readonly string[]
  /** With `[…]` a missing key raises, where `.` gives None; below a missing one anything does. */
  readonly mayRaise: boolean
}

/** `run.hparams.K`, also deeper, in any mixture of dots and brackets. */
export const hparamOf = (node: Node): Hparam | undefined => {
  const path: string[] = []
  let mayRaise = false
  let member = memberOf(node)
  while (member !== undefined) {
    const { object, name, isSubscript } = member
    if (object.kind === "name") {
      if (object.name !== "run" || name !== "hparams" || path.length === 0) return undefined
      return { path, mayRaise: mayRaise || path.length > 1 }
    }
    path.unshift(name)
    mayRaise ||= isSubscript
    member = memberOf(object)
  }
  return undefined
}

const memberOf = (node: Node): { readonly object: Node; readonly name: string; readonly isSubscript: boolean } | undefined => {
  if (node.kind === "attribute") return { object: node.object, name: node.name, isSubscript: false }
  if (node.kind !== "subscript" || node.index.kind !== "constant" || typeof node.index.value !== "string") return undefined
  return { object: node.object, name: node.index.value, isSubscript: true }
}

const aggregateNames = new Set(["last", "last_step", "first", "min", "max"])

/** The name in `run.metrics["name"].last`, also with a context behind it. */
export const aggregateOf = (node: Node): string | undefined => {
  if (node.kind !== "attribute" || !aggregateNames.has(node.name) || node.object.kind !== "subscript") return undefined
  const { object, index } = node.object
  if (!isAttribute(object, "run", "metrics")) return undefined
  const name = index.kind === "tuple" ? index.elements[0] : index
  return name?.kind === "constant" && typeof name.value === "string" ? name.value : undefined
}

/** What `….startswith(…)` is asked of, and the literals that one of must be the beginning. */
export const startsWith = (node: Call): { readonly asked: Node; readonly prefixes: readonly string[] } | undefined => {
  const { callee, args } = node
  const [argument] = args
  if (callee.kind !== "attribute" || callee.name !== "startswith" || args.length !== 1) return undefined
  if (argument === undefined || argument.keyword !== null) return undefined
  const literals = argument.value.kind === "tuple" ? argument.value.elements : [argument.value]
  const prefixes = literals.flatMap((each) => (each.kind === "constant" && typeof each.value === "string" ? [each.value] : []))
  return prefixes.length === literals.length ? { asked: callee.object, prefixes } : undefined
}
