import { limits, type QueryForbidden, type QueryRefused, type QuerySyntaxError, type QueryTooLarge } from "./faults.ts"
import { placeOf } from "./parser.ts"
import { children, childrenOfScope, type Comprehension, type Node, type Span, type Walrus } from "./syntax.ts"

/** Refuses what the reference's sandbox refuses, and trees that are too large, before anything is evaluated. */
export const check = (tree: Node, source: string): QueryRefused | undefined => {
  const left: { readonly node: Node; readonly depth: number }[] = [{ node: tree, depth: 1 }]
  const comprehensions: Comprehension[] = []
  let count = 0
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, depth } = next
    count++
    if (depth > limits.depth) return tooLarge(`The query is nested deeper than ${limits.depth}`, limits.depth)
    if (count > limits.nodes) return tooLarge(`The query has more than ${limits.nodes} parts`, limits.nodes)
    const message = forbidden(node)
    if (message !== undefined) return forbid(message, node, source)
    if (node.kind === "comprehension") comprehensions.push(node)
    const isList = node.kind === "list" || node.kind === "tuple" || node.kind === "set"
    for (const child of children(node).toReversed())
      if (!isList || child.kind !== "constant") left.push({ node: child, depth: depth + 1 })
  }
  // After the limits, for this goes down the tree by recursion.
  const misplaced = comprehensions.map(misplacedWalrus).find((each) => each !== undefined)
  return misplaced === undefined ? undefined : misplace(misplaced, source)
}

const tooLarge = (message: string, limit: number): QueryTooLarge => ({ _tag: "QueryTooLarge", message, limit })

const forbid = (message: string, node: Node, source: string): QueryForbidden => {
  const { line, offset } = placeOf(source, node.start)
  return { _tag: "QueryForbidden", message, line, offset, endOffset: placeOf(source, node.end).offset }
}

const reserved = new Set(["builtins", "breakpoint"])
/** Names that may be read (and are not there) but not bound. */
const unbindable = new Set(["print", "printed"])
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
      return forbiddenBinding(node.name)
    case "attribute":
      return inspecting.has(node.name)
        ? `The attribute "${node.name}" is not allowed`
        : forbiddenUnderscore("attribute", node.name)
    case "lambda":
      return node.parameters.map(({ name }) => forbiddenBinding(name)).find((message) => message !== undefined)
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

const forbiddenBinding = (name: string): string | undefined =>
  unbindable.has(name) ? `The name "${name}" is reserved` : forbiddenName(name)

const forbiddenUnderscore = (what: string, name: string): string | undefined => {
  if (name.startsWith("_") && name !== "_") return `The ${what} "${name}" is not allowed: it starts with "_"`
  return name.endsWith("__roles__") ? `The ${what} "${name}" is not allowed: it ends with "__roles__"` : undefined
}

interface Misplaced {
  readonly message: string
  readonly at: Span
}

/** Python's rules for `:=` in a comprehension: nowhere in what it goes through, and not onto its own variables. */
const misplacedWalrus = (node: Comprehension): Misplaced | undefined => {
  for (const { iterable } of node.clauses) {
    const [at] = walrusesIn(iterable, children)
    if (at !== undefined) return { message: "assignment expression cannot be used in a comprehension iterable expression", at }
  }
  const own = new Set(node.clauses.flatMap(({ target }) => namesIn(target)))
  const inside = [node.element, node.value, ...node.clauses.flatMap(({ conditions }) => conditions)]
  const at = inside.flatMap((each) => (each === null ? [] : walrusesIn(each, childrenOfScope))).find(({ name }) => own.has(name))
  if (at === undefined) return undefined
  return { message: `assignment expression cannot rebind comprehension iteration variable '${at.name}'`, at: nameOf(at) }
}

const nameOf = ({ name, start }: Walrus): Span => ({ start, end: start + name.length })

const walrusesIn = (node: Node, under: (node: Node) => readonly Node[]): readonly Walrus[] => [
  ...(node.kind === "walrus" ? [node] : []),
  ...under(node).flatMap((child) => walrusesIn(child, under)),
]

const namesIn = (node: Node): readonly string[] => (node.kind === "name" ? [node.name] : children(node).flatMap(namesIn))

const misplace = ({ message, at }: Misplaced, source: string): QuerySyntaxError => {
  const [start, end] = [placeOf(source, at.start), placeOf(source, at.end)]
  return { _tag: "QuerySyntaxError", message, line: start.line, offset: start.offset, endLine: end.line, endOffset: end.offset }
}
