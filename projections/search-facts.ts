/** Runs and their sequences as queries ask about them; only what a query needs is read. */
import type { MetricFacts, RunFacts, SequenceFacts } from "../domain/query/facts.ts"
import { isMap, numberOf, type Value, type ValueMap } from "../domain/value.ts"
import type { Rows } from "./rows.ts"
import {
  attributesOf,
  type ExperimentName,
  experimentOf,
  type RunFields,
  runById,
  type TagView,
  tagsOfRun,
  type TraceView,
  tracesOf,
} from "./run-view.ts"

/** Which parts of a run are read beside its fields and its experiment. */
export interface NeededParts {
  readonly attributes: boolean
  readonly metrics: boolean
  readonly tags: boolean
}

const none: ValueMap = new Map()

/** What is known of a run, and null where it was not needed. */
export interface LoadedRun {
  readonly fields: RunFields
  readonly attributes: ValueMap | null
  readonly traces: readonly TraceView[] | null
  readonly tags: readonly TagView[] | null
  readonly experiment: ExperimentName | null
}

/** Loads runs of one view; experiments, which many runs share, are read once. */
export class RunLoader {
  readonly rows: Rows
  readonly #experiments = new Map<string, Promise<ExperimentName | null>>()

  constructor(rows: Rows) {
    this.rows = rows
  }

  /** The needed parts of a run; undefined where it is not there or deleted. */
  async load(id: string, needs: NeededParts): Promise<LoadedRun | undefined> {
    const fields = await runById(this.rows, id)
    if (fields === undefined) return undefined
    const [attributes, traces, tags, experiment] = await Promise.all([
      needs.attributes ? attributesOf(this.rows, id) : null,
      needs.metrics ? tracesOf(this.rows, id) : null,
      needs.tags ? tagsOfRun(this.rows, id) : null,
      this.#experimentOf(fields),
    ])
    return { fields, attributes, traces, tags, experiment }
  }

  #experimentOf(run: RunFields): Promise<ExperimentName | null> | null {
    if (run.experimentId === null) return null
    const known = this.#experiments.get(run.experimentId) ?? experimentOf(this.rows, run)
    this.#experiments.set(run.experimentId, known)
    return known
  }
}

/** A loaded run as a query sees it. */
export const factsOf = ({ fields, attributes, traces, tags, experiment }: LoadedRun): RunFacts => ({
  hash: fields.id,
  name: fields.name,
  description: fields.description,
  experiment: experiment?.name ?? null,
  tags: new Set(tags?.map(({ name }) => name)),
  createdAt: fields.createdAt,
  finalizedAt: fields.finalizedAt,
  active: fields.active,
  archived: fields.archived,
  attributes: attributes ?? none,
  metric: (name, context) =>
    metricFacts(
      traces?.find(
        (trace) => trace.name === name && trace.kind === "metric" && (context === null || isSameValue(trace.context, context)),
      ),
    ),
})

/** A sequence as a query sees it; the last value of what is no metric is 0. */
export const sequenceFacts = (trace: TraceView): SequenceFacts => ({
  ...factsOfTrace(trace),
  last: trace.kind === "metric" ? trace.last : 0,
  name: trace.name,
  context: trace.context,
})

const metricFacts = (trace: TraceView | undefined): MetricFacts | undefined =>
  trace === undefined ? undefined : factsOfTrace(trace)

const factsOfTrace = ({ last, lastStep, first, min, max }: TraceView): MetricFacts => ({ last, lastStep, first, min, max })

/** Equality as Python has it: numbers by their value, whatever their type. */
export const isSameValue = (a: Value | undefined, b: Value | undefined): boolean => {
  if (isMap(a)) return isMap(b) && a.size === b.size && [...a].every(([key, item]) => isSameValue(item, b.get(key)))
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSameValue(item, b[i]))
  const [left, right] = [comparable(a), comparable(b)]
  // A bigint and a double compare by their exact values.
  return left !== undefined && right !== undefined ? left == right : a === b // oxlint-disable-line eqeqeq
}

const comparable = (value: Value | undefined): number | bigint | undefined => {
  if (typeof value === "boolean") return Number(value)
  return typeof value === "bigint" ? value : numberOf(value)
}
