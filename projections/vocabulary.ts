/** What all runs have in common: their parameters, merged, and the contexts of each sequence. */
import { isMap, type Value, type ValueMap } from "../domain/value.ts"
import { type CreatedRun, runsCreatedAfter } from "./project-view.ts"
import type { Rows } from "./rows.ts"
import { attributesOf, tracesOf, type TraceView } from "./run-view.ts"

/** What some runs have, oldest first. */
export interface VocabularyPage {
  readonly runs: readonly { readonly attributes: ValueMap; readonly traces: readonly TraceView[] }[]
  /** Where the next page goes on; null after the last. */
  readonly next: CreatedRun | null
}

/** The runs of one page: a transaction should not read all there are. */
export const vocabularyPage = async (
  rows: Rows,
  after: CreatedRun | null,
  limit: number,
  withAttributes: boolean,
): Promise<VocabularyPage> => {
  const page = await runsCreatedAfter(rows, after, limit)
  const runs = await Promise.all(
    page.map(async ({ id }) => ({
      attributes: withAttributes ? await attributesOf(rows, id) : new Map(),
      traces: await tracesOf(rows, id),
    })),
  )
  return { runs, next: page.length < limit ? null : (page.at(-1) ?? null) }
}

/** Gathers pages; of a parameter the newest run's value counts. `bucketOf` is null for what is not told. */
export class Vocabulary {
  readonly params = new Map<string, Value>()
  readonly #sequences = new Map<string, Map<string, Map<number, ValueMap>>>()
  readonly #bucketOf: (trace: TraceView) => string | null

  constructor(bucketOf: (trace: TraceView) => string | null) {
    this.#bucketOf = bucketOf
  }

  add({ runs }: VocabularyPage): void {
    for (const { attributes, traces } of runs) {
      merge(this.params, attributes)
      for (const trace of traces) {
        const bucket = this.#bucketOf(trace)
        if (bucket !== null) entryOf(entryOf(this.#sequences, bucket), trace.name).set(trace.contextId, trace.context)
      }
    }
  }

  /** The sequences of a bucket by name, each with its contexts in the order they were met. */
  sequences(bucket: string): ReadonlyMap<string, readonly ValueMap[]> {
    return new Map([...(this.#sequences.get(bucket) ?? [])].map(([name, contexts]) => [name, [...contexts.values()]]))
  }
}

const entryOf = <K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = new Map<K, V>()
  map.set(key, made)
  return made
}

/** Maps made here may be changed; those of a run are copied before they are. */
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
