import { iterate, list, truth } from "./collections.ts"
import { type CompileNode, putEntry } from "./compile-expression.ts"
import { type Code, Frame, Scope } from "./compile-scope.ts"
import { setOf } from "./operators.ts"
import { type Clause, children, type Comprehension, type Node } from "./syntax.ts"
import { Dict, type Key, PyIterator, type PyValue, raise } from "./values.ts"

type Assign = (frame: Frame, value: PyValue) => void

interface Loop {
  readonly iterable: Code
  readonly assign: Assign
  readonly conditions: readonly Code[]
}

/** A comprehension. Its first iterable belongs to the scope around it and is taken at once, even by a generator. */
export const comprehensionCode = (node: Comprehension, scope: Scope, compile: CompileNode): Code => {
  const own = new Scope("comprehension", scope, scope.settings)
  for (const { target } of node.clauses) declareTarget(target, own)
  const loops = node.clauses.map((clause, at) => loopOf(clause, at === 0 ? scope : own, own, compile))
  const element = compile(node.element, own)
  const value = node.value === null ? undefined : compile(node.value, own)
  const price = countNodes(node)
  const first = loops[0]?.iterable ?? (() => raise("SyntaxError"))
  const started = (frame: Frame): Generator<Frame> => {
    const source = iterate(first(frame), frame.meter)
    return turns(loops, new Frame(Array.from({ length: own.names.size }), frame, frame.meter), 0, source, price)
  }
  if (node.makes === "generator") return (frame) => new PyIterator(mapped(started(frame), element))
  if (node.makes === "set") return (frame) => setOf(mapped(started(frame), element), false, frame.meter)
  if (node.makes === "list") return (frame) => list(new PyIterator(mapped(started(frame), element)), frame.meter)
  return (frame) => {
    const entries = new Map<Key, readonly [PyValue, PyValue]>()
    for (const inner of started(frame)) putEntry(entries, element(inner), value?.(inner) ?? null, frame.meter)
    return new Dict(entries)
  }
}

function* mapped(frames: Generator<Frame>, element: Code): Generator<PyValue> {
  for (const frame of frames) yield element(frame)
}

/** Goes through the loops from the given one inwards; gives the frame once for every turn of the innermost. */
function* turns(loops: readonly Loop[], frame: Frame, at: number, source: Iterable<PyValue>, price: number): Generator<Frame> {
  const loop = loops[at]
  if (loop === undefined) return
  for (const value of source) {
    frame.meter.charge(price)
    loop.assign(frame, value)
    if (!loop.conditions.every((condition) => truth(condition(frame)))) continue
    const next = loops[at + 1]
    if (next === undefined) yield frame
    else yield* turns(loops, frame, at + 1, iterate(next.iterable(frame), frame.meter), price)
  }
}

const loopOf = (clause: Clause, outer: Scope, own: Scope, compile: CompileNode): Loop => ({
  iterable: compile(clause.iterable, outer),
  assign: assignTo(clause.target, own),
  conditions: clause.conditions.map((condition) => compile(condition, own)),
})

const declareTarget = (target: Node, scope: Scope): void => {
  if (target.kind === "name") scope.declare(target.name)
  else for (const child of children(target)) declareTarget(child, scope)
}

const assignTo = (target: Node, scope: Scope): Assign => {
  if (target.kind === "name") {
    const slot = scope.declare(target.name)
    return (frame, value) => {
      frame.slots[slot] = value
    }
  }
  if (target.kind !== "tuple" && target.kind !== "list") return () => raise("TypeError")
  const assigns = target.elements.map((element) => assignTo(element.kind === "starred" ? element.value : element, scope))
  const star = target.elements.findIndex((element) => element.kind === "starred")
  return (frame, value) => {
    const items = list(value, frame.meter)
    const spread = star === -1 ? items : gather(items, star, assigns.length)
    if (spread.length !== assigns.length) return raise("ValueError")
    for (const [at, assign] of assigns.entries()) assign(frame, spread[at] ?? null)
    return undefined
  }
}

/** The items with those that a starred target takes put together in a list. */
const gather = (items: readonly PyValue[], star: number, targets: number): readonly PyValue[] => {
  const taken = items.length - (targets - 1)
  return taken < 0
    ? raise("ValueError")
    : [...items.slice(0, star), items.slice(star, star + taken), ...items.slice(star + taken)]
}

const countNodes = (node: Node): number => 1 + children(node).reduce((sum, child) => sum + countNodes(child), 0)
