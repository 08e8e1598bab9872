import type { ValueMap } from "../value.ts"

/** What a query may ask of a run. Times are Unix seconds. */
export interface RunFacts {
  readonly hash: string
  readonly name: string
  readonly description: string
  readonly experiment: string | null
  /** Names of its tags. */
  readonly tags: ReadonlySet<string>
  readonly createdAt: number
  readonly finalizedAt: number | null
  readonly active: boolean
  readonly archived: boolean
  /** What the client logged as parameters, by top-level key. */
  readonly attributes: ValueMap
  /** The metric of that name and equal context; with null, the first of that name in the order of context ids. */
  metric(name: string, context: ValueMap | null): MetricFacts | undefined
}

export interface MetricFacts {
  readonly last: number | null
  readonly lastStep: number | null
  readonly first: number | null
  readonly min: number | null
  readonly max: number | null
}

/** What a query may ask of a sequence of a run. */
export interface SequenceFacts extends MetricFacts {
  readonly name: string
  readonly context: ValueMap
}
