/** Finds the series of what is logged: one look-up for its context, one for its name. */
import type { Series } from "./points.ts"
import { toJson } from "./json.ts"

/** What tells sequences of one name apart, such as `{ subset: "val" }`. */
export type MetricContext = Readonly<Record<string, unknown>>

/** Bytes of a name or a context that the server takes. */
const mostNameBytes = 512

type ByName = Map<string, Series | string>

/** The series of a run that have points. */
export interface SeriesOf {
  /** The series of a name in a context; a text says why there can be none. */
  readonly find: (context: MetricContext | undefined | null, name: string) => Series | string
}

/** The series of one run. A context may be another object each time, and may change between the calls. */
export const seriesOf = (): SeriesOf => {
  const contexts = new Map<string, ByName>()
  const plain: ByName = new Map()
  let last: { readonly keys: readonly string[]; readonly values: readonly unknown[]; readonly names: ByName } | null = null

  const namesOf = (context: MetricContext): ByName => {
    const keys = Object.keys(context)
    if (last !== null && isSame(last, keys, context)) return last.names
    const text = keys.length === 0 ? "" : toJson(context)
    let names = text === "" ? plain : contexts.get(text)
    if (names === undefined) contexts.set(text, (names = new Map()))
    last = { keys, values: keys.map((key) => context[key]), names }
    return names
  }

  const add = (names: ByName, context: MetricContext | undefined | null, name: string): Series | string => {
    const text = names === plain ? "" : toJson(context)
    const found = nameProblem(name) ?? { name, context: text, slot: -1, rows: 0 }
    names.set(name, found)
    return found
  }

  return {
    find: (context, name) => {
      const names = context === undefined || context === null ? plain : namesOf(context)
      return names.get(name) ?? add(names, context, name)
    },
  }
}

/** Only contexts of texts, numbers and the like are known again without making their JSON. */
const isSame = (
  last: { readonly keys: readonly string[]; readonly values: readonly unknown[] },
  keys: readonly string[],
  context: MetricContext,
): boolean => {
  if (keys.length !== last.keys.length) return false
  for (let i = 0; i < keys.length; i++) {
    const value = last.values[i]
    if (keys[i] !== last.keys[i] || typeof value === "object" || context[keys[i]!] !== value) return false
  }
  return true
}

const nameProblem = (name: string): string | null => {
  if (name === "") return "a value has an empty name"
  const bytes = new TextEncoder().encode(name).length
  return bytes > mostNameBytes ? `a name has ${bytes} bytes, at most ${mostNameBytes} are kept: ${name.slice(0, 64)}…` : null
}
