import { limits, type QueryForbidden, type QueryTooLarge } from "./faults.ts"
import { placeOf } from "./parser.ts"
import { children, type Node } from "./syntax.ts"

/** Refuses what the reference's sandbox refuses, and trees that are too large, before anything is evaluated. */
export const check = (tree: Node, source: string): QueryForbidden | QueryTooLarge | undefined => {
  const left: { readonly node: Node; readonly depth: number }[] = [{ node: tree, depth: 1 }]
  let count = 0
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, depth } = next
    count++
    if (depth > limits.depth) return tooLarge(`The query is nested deeper than ${limits.depth}`, limits.depth)
    if (count > limits.nodes) return tooLarge(`The query has more than ${limits.nodes} parts`, limits.nodes)
    const message = forbidden(node)
    if (message !== undefined) return forbid(message, node, source)
    const isList = node.kind === "list" || node.kind === "tuple" || node.kind === "set"
    for (const child of children(node).toReversed())
      if (!isList || child.kind !== "constant") left.push({ node: child, depth: depth + 1 })
  }
  return undefined
}

const tooLarge = (message: string, limit: number): QueryTooLarge => ({ _tag: "QueryTooLarge", message, limit })

const forbid = (message: string, node: Node, source: string): QueryForbidden => {
  const { line, offset } = placeOf(source, node.start)
  return { _tag: "QueryForbidden", message, line, offset, endOffset: placeOf(source, node.end).offset }
}

const reserved = new Set(["printed", "builtins", "breakpoint"])
/** Attributes that lead from objects to interpreter frames and code (Python's `inspect`). */
const inspecting = new Set(
  (
    "tb_frame tb_next f_back f_builtins f_code f_globals f_locals f_trace co_code gi_frame gi_code gi_yieldfrom " +
    "cr_await cr_frame cr_code cr_origin"
  ).split(" "),
)

const forbidden = (node: Node): string | undefined => {
  switch (node.kind) {
    case "name":
      return forbiddenName(node.name)
    case "walrus":
      return forbiddenName(node.name)
    case "attribute":
      return inspecting.has(node.name)
        ? `The attribute "${node.name}" is not allowed`
        : forbiddenUnderscore("attribute", node.name)
    case "lambda":
      return node.parameters.map(({ name }) => forbiddenName(name)).find((message) => message !== undefined)
    case "call":
      return node.callee.kind === "name" && (node.callee.name === "exec" || node.callee.name === "eval")
        ? `Calls of ${node.callee.name} are not allowed`
        : undefined
    case "unsupported":
      return {
        await: "await is not allowed",
        yield: "yield is not allowed",
        ellipsis: "... is not allowed",
        imaginary: "Complex numbers are not supported",
      }[node.what]
    case "comprehension":
      return node.clauses.some(({ isAsync }) => isAsync) ? "async is not allowed" : undefined
    case "starred":
    default:
      return undefined
  }
}

const forbiddenName = (name: string): string | undefined =>
  reserved.has(name) ? `The name "${name}" is reserved` : forbiddenUnderscore("name", name)

const forbiddenUnderscore = (what: string, name: string): string | undefined => {
  if (name.startsWith("_") && name !== "_") return `The ${what} "${name}" is not allowed: it starts with "_"`
  return name.endsWith("__roles__") ? `The ${what} "${name}" is not allowed: it ends with "__roles__"` : undefined
}
