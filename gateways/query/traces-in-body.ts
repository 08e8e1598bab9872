/** Bodies that name sequences: `[{"name": …, "context": …}]`. */
import { isMap, type Value, type ValueMap } from "../../domain/value.ts"
import type { TraceView } from "../../projections/run-view.ts"
import { isSameValue } from "../../projections/search-facts.ts"
import { HttpFault } from "./errors.ts"

export interface NamedTrace {
  readonly name: string
  readonly context: ValueMap
}

/** 422 where the value is no list of named sequences; `where` tells its place in the body. */
export const namedTraces = (value: Value | undefined, where: string): readonly NamedTrace[] =>
  listIn(value, where).map((item, i) => {
    const at = `${where}.${i}`
    const fields = mapIn(item, at)
    return { name: textIn(fields.get("name"), `${at}.name`), context: mapIn(fields.get("context"), `${at}.context`) }
  })

export const listIn = (value: Value | undefined, where: string): readonly Value[] => {
  if (Array.isArray(value)) return value
  throw wrong(where, value, "list")
}

export const mapIn = (value: Value | undefined, where: string): ValueMap => {
  if (isMap(value)) return value
  throw wrong(where, value, "dictionary")
}

export const textIn = (value: Value | undefined, where: string): string => {
  if (typeof value === "string") return value
  throw wrong(where, value, "string")
}

const wrong = (where: string, value: Value | undefined, type: string): HttpFault => {
  const text = value === undefined ? "Field required" : `Input should be a valid ${type}`
  return new HttpFault(422, text, `${where}: ${text}`)
}

/** The sequence that is named, with an equal context. */
export const findTrace = (traces: readonly TraceView[], { name, context }: NamedTrace): TraceView | undefined =>
  traces.find((trace) => trace.name === name && isSameValue(trace.context, context))
