/** The project as a whole, as it is read: how much there is, what it is called, and what is pinned. */
import { isMap, numberOf, type Value, type ValueMap } from "../domain/value.ts"
import type { Rows } from "./rows.ts"
import { attributesOf, tracesOf } from "./run-view.ts"
import type { TraceView } from "./run-view.ts"

export interface ProjectCounts {
  readonly runs: number
  readonly archived: number
  readonly active: number
}

/** How many runs there are; deleted ones do not count. */
export const countRuns = async (rows: Rows): Promise<ProjectCounts> => {
  const [archived, unarchived, active] = await Promise.all([
    countUnder(rows, ["archived", true]),
    countUnder(rows, ["archived", false]),
    countUnder(rows, ["active", true]),
  ])
  return { runs: archived + unarchived, archived, active }
}

const countUnder = async (rows: Rows, entry: readonly (string | boolean)[]): Promise<number> => {
  let count = 0
  for await (const chunk of rows.eachUnder("indexes", entry)) count += chunk.length
  return count
}

/** A run and when it was created, in Unix seconds. */
export interface CreatedRun {
  readonly id: string
  readonly createdAt: number
}

/** All runs, oldest first. */
export async function* runsByCreation(rows: Rows): AsyncGenerator<readonly CreatedRun[]> {
  for await (const chunk of rows.eachUnder("indexes", ["created_at"]))
    yield chunk.map(({ rest }) => ({ id: String(rest[1]), createdAt: numberOf(rest[0] as Value) ?? 0 }))
}

/** The pinned sequences as they were stored: maps of `name` and `context`. */
export const pinnedSequences = async (rows: Rows): Promise<readonly Value[]> => {
  const stored = await rows.get("system", ["pinned_sequences", "__leaf__"])
  return Array.isArray(stored) ? (stored as readonly Value[]) : []
}

/** What all runs have in common: their parameters, merged, and the contexts of each sequence. */
export interface Vocabulary {
  readonly params: ValueMap
  /** The bucket of a sequence, then its name, then its contexts in the order they are met. */
  readonly sequences: ReadonlyMap<string, ReadonlyMap<string, readonly ValueMap[]>>
}

/** Reads every run, oldest first; of a parameter the newest run's value counts. `bucketOf` is null for what is not told. */
export const vocabulary = async (
  rows: Rows,
  bucketOf: (trace: TraceView) => string | null,
  withParams: boolean,
): Promise<Vocabulary> => {
  const params = new Map<string, Value>()
  const sequences = new Map<string, Map<string, Map<number, ValueMap>>>()
  for await (const chunk of runsByCreation(rows))
    for (const { id } of chunk) {
      if (withParams) merge(params, await attributesOf(rows, id))
      for (const trace of await tracesOf(rows, id)) {
        const bucket = bucketOf(trace)
        if (bucket !== null) entryOf(entryOf(sequences, bucket), trace.name).set(trace.contextId, trace.context)
      }
    }
  const told = [...sequences].map(
    ([bucket, names]) => [bucket, new Map([...names].map(([name, contexts]) => [name, [...contexts.values()]]))] as const,
  )
  return { params, sequences: new Map(told) }
}

const entryOf = <K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = new Map<K, V>()
  map.set(key, made)
  return made
}

const merge = (into: Map<string, Value>, from: ValueMap): void => {
  for (const [key, value] of from) {
    const known = into.get(key)
    if (isMap(known) && isMap(value)) {
      const merged = new Map(known)
      merge(merged, value)
      into.set(key, merged)
    } else into.set(key, value)
  }
}
