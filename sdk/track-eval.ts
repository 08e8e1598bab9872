/** Evaluations: a task is tried on every example of a dataset, and what comes out is scored and logged. */
import { takerOf } from "./eval/dataset.ts"
import { type Row, rowOf, type Scorer, type Task } from "./eval/row.ts"
import { textOf } from "./eval/row-text.ts"
import type { Run } from "./run.ts"

export type { Row, RowError, Score, Scorer, Scores, Task } from "./eval/row.ts"

/** What is evaluated, and into which run. */
export interface EvaluationOptions<Example, Output> {
  readonly run: Pick<Run, "log" | "text" | "set" | "error">
  /** `eval` unless told. One run may have several evaluations; one of the same name replaces what was logged of it before. */
  readonly name?: string
  /** Examples in any number; only as many as are under way are asked for ahead. */
  readonly dataset: Iterable<Example> | AsyncIterable<Example>
  readonly task: Task<Example, Output>
  /** By the names that their scores are logged under. */
  readonly scorers: Readonly<Record<string, Scorer<Example, Output>>>
  /** How many examples are under way at once: 4 unless told. */
  readonly concurrency?: number
  /** Milliseconds that one task may take; without end unless told. */
  readonly timeout?: number
  /** Ends the evaluation early: no further example is begun. */
  readonly signal?: AbortSignal
}

/** What one kind of score came to. */
export interface ScoreSummary {
  readonly mean: number
  /** How many examples have it. */
  readonly count: number
}

/** What an evaluation came to. */
export interface Evaluation<Example, Output> {
  /** In the order of the dataset. */
  readonly rows: readonly Row<Example, Output>[]
  readonly scores: Readonly<Record<string, ScoreSummary>>
  readonly examples: number
  /** Examples whose task or some scorer failed. */
  readonly failures: number
  /** Whether the signal ended it before the dataset did. */
  readonly aborted: boolean
}

/**
 * Tries a task on every example and logs, at the step of the example's number from 0: each score as `<name>/<scorer>`, how long the
 * task took as `<name>/seconds`, whether something failed as `<name>/failed`, and example, output and errors as a text
 * `<name>/examples`. What fails is logged and counted, and the others go on. In the end the means stand among the run's
 * parameters, under `eval.<name>`. Rejects only where the dataset does, after what was done is logged.
 */
export const trackEval = async <Example, Output>(
  options: EvaluationOptions<Example, Output>,
): Promise<Evaluation<Example, Output>> => {
  const { run, name = "eval", concurrency = 4, signal } = options
  const rows: Row<Example, Output>[] = []
  const dataset = takerOf(options.dataset)
  const work = async (): Promise<void> => {
    for (let taken = await dataset.take(signal); taken !== null; taken = await dataset.take(signal)) {
      const row = await rowOf(taken, options)
      if (row === null) continue
      rows.push(row)
      logRow(run, name, row)
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.max(1, concurrency) }, work))
  await dataset.close()
  rows.sort((one, other) => one.index - other.index)
  const evaluation = { rows, ...summaryOf(rows), aborted: !dataset.isOver() }
  const { scores, examples, failures, aborted } = evaluation
  run.set({ eval: { [name]: { scores, examples, failures, aborted } } })
  for (const end of ends) if (end.status === "rejected") throw end.reason
  return evaluation
}

const logRow = (run: Pick<Run, "log" | "text" | "error">, name: string, row: Row<unknown, unknown>): void => {
  const { index: step, scores, seconds, errors } = row
  const named = Object.entries({ ...scores, seconds, failed: errors.length > 0 ? 1 : 0 })
  run.log(Object.fromEntries(named.map(([score, value]) => [`${name}/${score}`, value])), { step })
  run.text(`${name}/examples`, textOf(row), { step })
  for (const { where, message } of errors) run.error(`${name}: ${where} failed on example ${step}: ${message}`, { step, where })
}

const summaryOf = (rows: readonly Row<unknown, unknown>[]) => {
  const sums = new Map<string, { sum: number; count: number }>()
  for (const { scores } of rows)
    for (const [score, value] of Object.entries(scores)) {
      const { sum, count } = sums.get(score) ?? { sum: 0, count: 0 }
      sums.set(score, { sum: sum + value, count: count + 1 })
    }
  const means = [...sums].map(([score, { sum, count }]) => [score, { mean: sum / count, count }] as const)
  const failures = rows.filter(({ errors }) => errors.length > 0).length
  return { scores: Object.fromEntries(means), examples: rows.length, failures }
}
