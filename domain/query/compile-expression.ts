import { callCode } from "./compile-call.ts"
import { comprehensionCode } from "./compile-comprehension.ts"
import { lambdaCode } from "./compile-lambda.ts"
import { type Code, type Frame, frameAt, lookUp, type Scope, walrusBinding } from "./compile-scope.ts"
import { attributeOf } from "./attributes.ts"
import { item, list, truth } from "./collections.ts"
import { dictOf, keyOf } from "./equality.ts"
import type { RunFacts } from "./facts.ts"
import { formatValue } from "./format.ts"
import { runProperties, RunObject, wrap } from "./objects.ts"
import { literalMoment, traceNameOf } from "./recognise.ts"
import { binary, comparison, setOf, unary } from "./operators.ts"
import { asciiRepr, repr, str } from "./repr.ts"
import type { Attribute, Compare, DictDisplay, Display, FormattedPart, Literal, Name, Node } from "./syntax.ts"
import { Dict, float, int, type Key, type Meter, PySlice, type PyValue, raise, Tuple } from "./values.ts"

/** What a scope needs besides names: where `run` and the sequence are found. */
export type CompileNode = (node: Node, scope: Scope) => Code

/** Turns a checked tree into a function, once; running it allocates no more than its values. */
export const compileNode: CompileNode = (node, scope) => {
  const compile = (child: Node): Code => compileNode(child, scope)
  switch (node.kind) {
    case "constant": {
      const value = literal(node.value)
      return () => value
    }
    case "name":
      return nameCode(node, scope)
    case "attribute":
      return attributeCode(node, scope)
    case "subscript": {
      const [object, index] = [compile(node.object), compile(node.index)]
      return (frame) => item(object(frame), index(frame), frame.meter)
    }
    case "slice": {
      const [lower, upper, step] = node.bounds.map((bound) => (bound === null ? () => null : compile(bound)))
      return (frame) => new PySlice(lower?.(frame) ?? null, upper?.(frame) ?? null, step?.(frame) ?? null)
    }
    case "call": {
      const moment = literalMoment(node, scope.settings.timezoneOffsetMinutes)
      if (moment !== undefined) return () => float(moment)
      return callCode(node, scope, compileNode)
    }
    case "unary": {
      const [operand, apply] = [compile(node.operand), unary(node.operator)]
      return node.operator === "not" ? (frame) => !truth(operand(frame)) : (frame) => apply(operand(frame))
    }
    case "binary": {
      const [left, right, apply] = [compile(node.left), compile(node.right), binary(node.operator)]
      return (frame) => apply(left(frame), right(frame), frame.meter)
    }
    case "and":
    case "or":
      return chainCode(node.operands.map(compile), node.kind === "or")
    case "compare":
      return compareCode(node, scope)
    case "conditional": {
      const [test, chosen, otherwise] = [compile(node.test), compile(node.chosen), compile(node.otherwise)]
      return (frame) => (truth(test(frame)) ? chosen(frame) : otherwise(frame))
    }
    case "lambda":
      return lambdaCode(node, scope, compileNode)
    case "tuple":
    case "list":
    case "set":
      return displayCode(node, scope)
    case "dict":
      return dictCode(node, scope)
    case "comprehension":
      return comprehensionCode(node, scope, compileNode)
    case "walrus": {
      const value = compile(node.value)
      const { up, slot } = walrusBinding(scope, node.name)
      return (frame) => (frameAt(frame, up).slots[slot] = value(frame))
    }
    case "formatted":
      return formattedCode(node.parts, scope)
    case "starred":
    case "unsupported":
      return () => raise("SyntaxError")
  }
}

const literal = (value: Literal): PyValue => {
  if (typeof value === "bigint") return int(value)
  return typeof value === "number" ? float(value) : value
}

const nameCode = ({ name }: Name, scope: Scope): Code => {
  const builtin = scope.settings.globals.get(name)
  const binding = lookUp(scope, name)
  if (binding === undefined) return builtin === undefined ? () => raise("NameError") : () => builtin
  const { up, slot, kind } = binding
  const missing = (): PyValue => (kind === "whole" && builtin !== undefined ? builtin : raise("NameError"))
  if (up === 0) return (frame) => frame.slots[slot] ?? (frame.slots[slot] === null ? null : missing())
  return (frame) => {
    const value = frameAt(frame, up).slots[slot]
    return value === undefined ? missing() : value
  }
}

const attributeCode = (node: Attribute, scope: Scope): Code => {
  const { name } = node
  const object = compileNode(node.object, scope)
  const property = runProperties.get(name)
  // Runs are asked most, so they are asked first and without a look-up of the property.
  return (frame) => {
    const value = object(frame)
    if (!(value instanceof RunObject)) return attributeOf(value, name, frame.meter)
    return property === undefined ? wrap(value.facts.attributes.get(name)) : property(value.facts)
  }
}

const chainCode = (operands: readonly Code[], stopsAt: boolean): Code => {
  const last = operands.length - 1
  return (frame) => {
    for (let at = 0; at < last; at++) {
      const value = operands[at]?.(frame) ?? null
      if (truth(value) === stopsAt) return value
    }
    return operands[last]?.(frame) ?? null
  }
}

const compareCode = (node: Compare, scope: Scope): Code => {
  const knowsMetric = scope.settings.sequenceName !== null || lookUp(scope, "metric") !== undefined
  const trace = knowsMetric ? undefined : traceNameOf(node)
  // Run search knows no `metric`, but for this form: whether the run has a metric of that name, as the index answers it.
  if (trace !== undefined) return (frame) => runOf(frame).metric(trace, null) !== undefined
  const operands = node.operands.map((operand) => compileNode(operand, scope))
  const tests = node.operators.map(comparison)
  const [left, right] = operands
  const [test] = tests
  if (tests.length === 1 && left !== undefined && right !== undefined && test !== undefined)
    return (frame) => test(left(frame), right(frame), frame.meter)
  return (frame) => {
    let value = left?.(frame) ?? null
    for (let at = 0; at < tests.length; at++) {
      const next = operands[at + 1]?.(frame) ?? null
      if (tests[at]?.(value, next, frame.meter) !== true) return false
      value = next
    }
    return true
  }
}

const runOf = (frame: Frame): RunFacts => {
  for (let at: Frame | null = frame; at !== null; at = at.parent) {
    const [run] = at.slots
    if (at.parent === null && run instanceof RunObject) return run.facts
  }
  return raise("NameError")
}

const displayCode = (node: Display, scope: Scope): Code => {
  const build = elementsCode(node.elements, scope)
  if (node.kind === "list") return build
  if (node.kind === "tuple") return (frame) => new Tuple(build(frame))
  return (frame) => setOf(build(frame), false, frame.meter)
}

type ListCode = (frame: Parameters<Code>[0]) => readonly PyValue[]

const elementsCode = (elements: readonly Node[], scope: Scope): ListCode => {
  if (elements.every((element) => element.kind === "constant")) {
    const values = elements.map((element) => literal(element.value))
    return () => values
  }
  const codes = elements.map((element) =>
    element.kind === "starred"
      ? { spreads: true, code: compileNode(element.value, scope) }
      : { spreads: false, code: compileNode(element, scope) },
  )
  if (codes.every(({ spreads }) => !spreads)) return (frame) => codes.map(({ code }) => code(frame))
  return (frame) => codes.flatMap(({ spreads, code }) => (spreads ? list(code(frame), frame.meter) : [code(frame)]))
}

const dictCode = (node: DictDisplay, scope: Scope): Code => {
  const entries = node.entries.map(({ key, value }) => ({
    key: key === null ? null : compileNode(key, scope),
    value: compileNode(value, scope),
  }))
  return (frame) => {
    const made = new Map<Key, readonly [PyValue, PyValue]>()
    for (const { key, value } of entries) {
      if (key === null)
        for (const [each, entry] of dictOf(value(frame))?.entries ?? raise("TypeError"))
          made.set(each, [made.get(each)?.[0] ?? entry[0], entry[1]])
      else putEntry(made, key(frame), value(frame), frame.meter)
    }
    return new Dict(made)
  }
}

/** A key that is there keeps its first spelling (`{1: a, 1.0: b}` is `{1: b}`). */
export const putEntry = (entries: Map<Key, readonly [PyValue, PyValue]>, key: PyValue, value: PyValue, meter: Meter): void => {
  const known = keyOf(key, meter)
  entries.set(known, [entries.get(known)?.[0] ?? key, value])
}

const formattedCode = (parts: readonly FormattedPart[], scope: Scope): ((frame: Parameters<Code>[0]) => string) => {
  const codes = parts.map((part) => {
    if (typeof part === "string") return () => part
    const [value, format] = [compileNode(part.value, scope), formattedCode(part.format, scope)]
    const convert = part.conversion === null ? undefined : conversions[part.conversion]
    return (frame: Parameters<Code>[0]): string => {
      const plain = value(frame)
      return formatValue(convert === undefined ? plain : convert(plain, frame.meter), format(frame), frame.meter)
    }
  })
  return (frame) => {
    const text = codes.map((code) => code(frame)).join("")
    frame.meter.chargeText(text.length)
    return text
  }
}

const conversions: Readonly<Record<"r" | "s" | "a", (value: PyValue, meter: Meter) => string>> = { r: repr, s: str, a: asciiRepr }
