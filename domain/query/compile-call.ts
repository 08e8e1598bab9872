import { attributeOf, methodOf } from "./attributes.ts"
import type { CompileNode } from "./compile-expression.ts"
import type { Code, Frame, Scope } from "./compile-scope.ts"
import type { Call } from "./syntax.ts"
import { Callable, type Keywords, noKeywords, type PyValue, raise } from "./values.ts"

/** A call. Methods of plain values are called in place, without making the bound method. */
export const callCode = (node: Call, scope: Scope, compile: CompileNode): Code => {
  // The reference has no helper for `*args` and `**kwargs`: such a call fails when it runs.
  if (node.args.some(({ keyword }) => keyword === "*" || keyword === "**")) return () => raise("NameError")
  const positional = node.args.flatMap(({ keyword, value }) => (keyword === null ? [compile(value, scope)] : []))
  const named = node.args.flatMap(({ keyword, value }) => (keyword === null ? [] : [[keyword, compile(value, scope)] as const]))
  const argsOf = argumentsCode(positional)
  const keywordsOf = (frame: Frame): Keywords =>
    named.length === 0 ? noKeywords : new Map(named.map(([name, code]) => [name, code(frame)]))
  if (node.callee.kind === "attribute") {
    const { name } = node.callee
    const object = compile(node.callee.object, scope)
    return (frame) => {
      const self = object(frame)
      const { meter } = frame
      const method = methodOf(self, name)
      if (method === undefined) return call(attributeOf(self, name, meter), argsOf(frame), keywordsOf(frame), frame)
      meter.charge(1)
      return method(self, argsOf(frame), keywordsOf(frame), meter)
    }
  }
  const callee = compile(node.callee, scope)
  return (frame) => call(callee(frame), argsOf(frame), keywordsOf(frame), frame)
}

const argumentsCode = (codes: readonly Code[]): ((frame: Frame) => readonly PyValue[]) => {
  const [only] = codes
  if (codes.length === 1 && only !== undefined) return (frame) => [only(frame)]
  return (frame) => codes.map((code) => code(frame))
}

const call = (callee: PyValue, args: readonly PyValue[], keywords: Keywords, { meter }: Frame): PyValue => {
  meter.charge(1)
  return callee instanceof Callable ? callee.call(args, keywords, meter) : raise("TypeError")
}
