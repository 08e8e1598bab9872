/** Runs and their sequences as queries ask about them; only what a query needs is read. */
import type { MetricFacts, RunFacts, SequenceFacts } from "../domain/query/facts.ts"
import { isMap, numberOf, type Value, type ValueMap } from "../domain/value.ts"
import { isDeleted } from "./entities.ts"
import type { Rows } from "./rows.ts"
import { placeOf, type RunProps, type RunSummary, summaryAt } from "./run-summary.ts"
import {
  attributesOf,
  type ExperimentName,
  experimentOf,
  runById,
  type TagView,
  tagById,
  tagsOfRun,
  type TraceView,
  tracesOf,
} from "./run-view.ts"

/** Which parts of a run are read beside its fields and its experiment. */
export interface NeededParts {
  readonly attributes: boolean
  /** Whether the attributes hold also what the client noted of its machine; without it they may, too. */
  readonly system?: boolean
  readonly metrics: boolean
  readonly tags: boolean
}

const none: ValueMap = new Map()

/** What is known of a run, and null where it was not needed. */
export interface LoadedRun {
  readonly fields: RunProps
  readonly attributes: ValueMap | null
  readonly traces: readonly TraceView[] | null
  readonly tags: readonly TagView[] | null
  readonly experiment: ExperimentName | null
}

/** Loads runs of one view; experiments and tags, which many runs share, are read once. */
export class RunLoader {
  readonly rows: Rows
  readonly #experiments = new Map<string, ExperimentName | null>()
  readonly #tags = new Map<string, TagView | null>()

  constructor(rows: Rows) {
    this.rows = rows
  }

  /** The needed parts of a run; undefined where it is not there or deleted. */
  async load(id: string, needs: NeededParts): Promise<LoadedRun | undefined> {
    const place = await placeOf(this.rows, id)
    const summary = place && (await summaryAt(this.rows, id, place.createdAt))
    return summary && this.complete(summary, needs)
  }

  /** The needed parts of a run, at once where they are known and else when they are read. */
  complete(summary: RunSummary, needs: NeededParts): LoadedRun | undefined | Promise<LoadedRun | undefined> {
    summary.check()
    if (summary.isCut) return this.#apart(summary.id, needs)
    const attributes = needs.attributes ? this.#attributes(summary, needs.system === true) : null
    const traces = needs.metrics ? tracesOf(this.rows, summary.id) : null
    const tags = needs.tags ? this.#tagsOf(summary.tagIds) : null
    const experiment = this.#experimentOf(summary)
    if (!isPromise(attributes) && !isPromise(traces) && !isPromise(tags) && !isPromise(experiment))
      return { fields: summary, attributes, traces, tags, experiment }
    return together(summary, attributes, traces, tags, experiment)
  }

  #attributes(summary: RunSummary, system: boolean): ValueMap | Promise<ValueMap> {
    const known = system && summary.hasSystemParams ? null : summary.attributes
    return known ?? attributesOf(this.rows, summary.id)
  }

  /** A run that is too long for a summary. */
  async #apart(id: string, needs: NeededParts): Promise<LoadedRun | undefined> {
    const fields = await runById(this.rows, id)
    if (fields === undefined) return undefined
    return {
      fields,
      attributes: needs.attributes ? await attributesOf(this.rows, id) : null,
      traces: needs.metrics ? await tracesOf(this.rows, id) : null,
      tags: needs.tags ? await tagsOfRun(this.rows, id) : null,
      experiment: await this.#experimentOf(fields),
    }
  }

  #experimentOf({ experimentId }: RunProps): ExperimentName | null | Promise<ExperimentName | null> {
    if (experimentId === null) return null
    const known = this.#experiments.get(experimentId)
    return known === undefined ? this.#readExperiment(experimentId) : known
  }

  async #readExperiment(experimentId: string): Promise<ExperimentName | null> {
    const experiment = await experimentOf(this.rows, { experimentId })
    this.#experiments.set(experimentId, experiment)
    return experiment
  }

  #tagsOf(ids: readonly string[]): readonly TagView[] | Promise<readonly TagView[]> {
    const tags: TagView[] = []
    for (const id of ids) {
      const known = this.#tags.get(id)
      if (known === undefined) return this.#readTags(ids)
      if (known !== null) tags.push(known)
    }
    return tags
  }

  async #readTags(ids: readonly string[]): Promise<readonly TagView[]> {
    for (const id of ids)
      if (!this.#tags.has(id)) this.#tags.set(id, (await isDeleted(this.rows, "tag", id)) ? null : await tagById(this.rows, id))
    return ids.map((id) => this.#tags.get(id) ?? null).filter((tag) => tag !== null)
  }
}

/** Waits for all of them, whichever fails: a promise that nobody waits for ends the process where it fails. */
const together = async (
  fields: RunProps,
  ...parts: readonly [
    attributes: ValueMap | null | Promise<ValueMap>,
    traces: Promise<readonly TraceView[]> | null,
    tags: readonly TagView[] | null | Promise<readonly TagView[]>,
    experiment: ExperimentName | null | Promise<ExperimentName | null>,
  ]
): Promise<LoadedRun> => {
  const [attributes, traces, tags, experiment] = await Promise.all(parts)
  return { fields, attributes, traces, tags, experiment }
}

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise

/** A loaded run as a query sees it. */
export const factsOf = (run: LoadedRun): RunFacts => new LoadedFacts(run)

class LoadedFacts implements RunFacts {
  readonly #run: LoadedRun
  #tags: ReadonlySet<string> | undefined

  constructor(run: LoadedRun) {
    this.#run = run
  }

  get hash(): string {
    return this.#run.fields.id
  }

  get name(): string {
    return this.#run.fields.name
  }

  get description(): string {
    return this.#run.fields.description
  }

  get experiment(): string | null {
    return this.#run.experiment?.name ?? null
  }

  get tags(): ReadonlySet<string> {
    return (this.#tags ??= new Set(this.#run.tags?.map(({ name }) => name)))
  }

  get createdAt(): number {
    return this.#run.fields.createdAt
  }

  get finalizedAt(): number | null {
    return this.#run.fields.finalizedAt
  }

  get active(): boolean {
    return this.#run.fields.active
  }

  get archived(): boolean {
    return this.#run.fields.archived
  }

  get attributes(): ValueMap {
    return this.#run.attributes ?? none
  }

  metric(name: string, context: ValueMap | null): MetricFacts | undefined {
    return this.#run.traces?.find(
      (trace) => trace.name === name && trace.kind === "metric" && (context === null || isSameValue(trace.context, context)),
    )
  }
}

/** A sequence as a query sees it; the last value of what is no metric is 0. */
export const sequenceFacts = (trace: TraceView): SequenceFacts => (trace.kind === "metric" ? trace : { ...trace, last: 0 })

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
