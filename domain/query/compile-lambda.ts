import type { CompileNode } from "./compile-expression.ts"
import { type Code, declareWalruses, Frame, Scope } from "./compile-scope.ts"
import type { Lambda, Parameter } from "./syntax.ts"
import { Callable, type Keywords, keyedDict, type PyValue, raise, Tuple } from "./values.ts"

/** Calls that may be under way at once; beyond, Python's RecursionError. */
const deepestCall = 100

/** `lambda parameters: body`, with Python's rules for arguments and defaults. */
export const lambdaCode = (node: Lambda, scope: Scope, compile: CompileNode): Code => {
  const own = new Scope("lambda", scope, scope.settings)
  for (const { name } of node.parameters) own.declare(name)
  declareWalruses(node.body, own)
  const initials = node.parameters.map(({ initial }) => (initial === null ? null : compile(initial, scope)))
  const body = compile(node.body, own)
  return (frame) => {
    const defaults = initials.map((initial) => initial?.(frame))
    return new Callable((args, keywords, meter) => {
      if (meter.calls >= deepestCall) return raise("RecursionError")
      meter.charge(1 + own.names.size)
      meter.calls++
      try {
        return body(new Frame(bind(node.parameters, defaults, args, keywords), frame, meter))
      } finally {
        meter.calls--
      }
    })
  }
}

const bind = (
  parameters: readonly Parameter[],
  defaults: readonly (PyValue | undefined)[],
  args: readonly PyValue[],
  keywords: Keywords,
): (PyValue | undefined)[] => {
  const left = new Map(keywords)
  let at = 0
  const slots = parameters.map(({ name, role }, index): PyValue | undefined => {
    if (role === "rest") {
      const rest = args.slice(at)
      at = args.length
      return new Tuple(rest)
    }
    if (role === "keyword-rest") return undefined
    const isPositional = role !== "keyword-only" && at < args.length
    const isNamed = role !== "positional-only" && left.has(name)
    if (isPositional && isNamed) return raise("TypeError")
    if (isPositional) return args[at++]
    const value = isNamed ? left.get(name) : defaults[index]
    if (isNamed) left.delete(name)
    return value === undefined ? raise("TypeError") : value
  })
  const rest = parameters.findIndex(({ role }) => role === "keyword-rest")
  if (at < args.length || (left.size > 0 && rest === -1)) return raise("TypeError")
  if (rest !== -1) slots[rest] = keyedDict(left)
  return slots
}
