/** The syntax tree of a Python expression. `start` and `end` are positions in the wrapped source, in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What a literal stands for: an int is a bigint, a float a number. */
export type Literal = null | boolean | bigint | number | string | Uint8Array

export type UnaryOperator = "-" | "+" | "~" | "not"
export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**" | "@" | "<<" | ">>" | "&" | "|" | "^"
export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "is" | "is not"

export interface Constant extends Span {
  readonly kind: "constant"
  readonly value: Literal
}
export interface Name extends Span {
  readonly kind: "name"
  readonly name: string
}
export interface Attribute extends Span {
  readonly kind: "attribute"
  readonly object: Node
  readonly name: string
}
export interface Subscript extends Span {
  readonly kind: "subscript"
  readonly object: Node
  readonly index: Node
}
export interface Slice extends Span {
  readonly kind: "slice"
  readonly bounds: readonly [lower: Node | null, upper: Node | null, step: Node | null]
}
/** `keyword` is a name for `name=value`, `*` or `**` for what is unpacked, null for a plain argument. */
export interface Argument {
  readonly keyword: string | null
  readonly value: Node
}
export interface Call extends Span {
  readonly kind: "call"
  readonly callee: Node
  readonly args: readonly Argument[]
}
export interface Unary extends Span {
  readonly kind: "unary"
  readonly operator: UnaryOperator
  readonly operand: Node
}
export interface Binary extends Span {
  readonly kind: "binary"
  readonly operator: BinaryOperator
  readonly left: Node
  readonly right: Node
}
export interface BooleanChain extends Span {
  readonly kind: "and" | "or"
  readonly operands: readonly Node[]
}
export interface Compare extends Span {
  readonly kind: "compare"
  readonly operators: readonly CompareOperator[]
  /** One more than operators. */
  readonly operands: readonly Node[]
}
export interface Conditional extends Span {
  readonly kind: "conditional"
  readonly test: Node
  readonly chosen: Node
  readonly otherwise: Node
}
export interface Parameter {
  readonly name: string
  readonly role: "positional-only" | "plain" | "rest" | "keyword-only" | "keyword-rest"
  readonly initial: Node | null
}
export interface Lambda extends Span {
  readonly kind: "lambda"
  readonly parameters: readonly Parameter[]
  readonly body: Node
}
export interface Display extends Span {
  readonly kind: "tuple" | "list" | "set"
  readonly elements: readonly Node[]
}
/** An entry without a key is `**value`. */
export interface DictDisplay extends Span {
  readonly kind: "dict"
  readonly entries: readonly { readonly key: Node | null; readonly value: Node }[]
}
export interface Clause {
  readonly target: Node
  readonly iterable: Node
  readonly conditions: readonly Node[]
  readonly isAsync: boolean
}
export interface Comprehension extends Span {
  readonly kind: "comprehension"
  readonly makes: "list" | "set" | "dict" | "generator"
  /** The key where a dict is made. */
  readonly element: Node
  readonly value: Node | null
  readonly clauses: readonly Clause[]
}
export interface Walrus extends Span {
  readonly kind: "walrus"
  readonly name: string
  readonly value: Node
}
export interface Starred extends Span {
  readonly kind: "starred"
  readonly value: Node
}
export interface Interpolation {
  readonly value: Node
  readonly conversion: "r" | "s" | "a" | null
  readonly format: readonly FormattedPart[]
}
export type FormattedPart = string | Interpolation
export interface Formatted extends Span {
  readonly kind: "formatted"
  readonly parts: readonly FormattedPart[]
}
/** What parses but is never allowed: `await`, `yield`, `...`, imaginary numbers. */
export interface Unsupported extends Span {
  readonly kind: "unsupported"
  readonly what: "await" | "yield" | "ellipsis" | "imaginary"
  readonly operand: Node | null
}

export type Node =
  | Constant
  | Name
  | Attribute
  | Subscript
  | Slice
  | Call
  | Unary
  | Binary
  | BooleanChain
  | Compare
  | Conditional
  | Lambda
  | Display
  | DictDisplay
  | Comprehension
  | Walrus
  | Starred
  | Formatted
  | Unsupported

const present = (nodes: readonly (Node | null)[]): readonly Node[] => nodes.filter((node) => node !== null)

const partChildren = (parts: readonly FormattedPart[]): readonly Node[] =>
  parts.flatMap((part) => (typeof part === "string" ? [] : [part.value, ...partChildren(part.format)]))

const comprehensionChildren = (node: Comprehension): readonly Node[] => [
  ...present([node.element, node.value]),
  ...node.clauses.flatMap((clause) => [clause.target, clause.iterable, ...clause.conditions]),
]

/** The nodes directly under a node whose `:=` bind where it stands: of a lambda its defaults, for its body has names of its own. */
export const childrenOfScope = (node: Node): readonly Node[] => (node.kind === "lambda" ? initialsOf(node) : children(node))

const initialsOf = (node: Lambda): readonly Node[] => present(node.parameters.map(({ initial }) => initial))

/** The nodes directly under a node, in source order within each group. */
export const children = (node: Node): readonly Node[] => {
  switch (node.kind) {
    case "constant":
    case "name":
      return []
    case "attribute":
      return [node.object]
    case "subscript":
      return [node.object, node.index]
    case "slice":
      return present(node.bounds)
    case "call":
      return [node.callee, ...node.args.map((argument) => argument.value)]
    case "unary":
      return [node.operand]
    case "binary":
      return [node.left, node.right]
    case "and":
    case "or":
    case "compare":
      return node.operands
    case "conditional":
      return [node.test, node.chosen, node.otherwise]
    case "lambda":
      return [...initialsOf(node), node.body]
    case "tuple":
    case "list":
    case "set":
      return node.elements
    case "dict":
      return node.entries.flatMap((entry) => present([entry.key, entry.value]))
    case "comprehension":
      return comprehensionChildren(node)
    case "walrus":
    case "starred":
      return [node.value]
    case "formatted":
      return partChildren(node.parts)
    case "unsupported":
      return present([node.operand])
  }
}
