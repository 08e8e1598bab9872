/** One example of an evaluation: its task, its scores, and what failed. */
import type { Taken } from "./dataset.ts"

/** Tries one example. The signal ends when its time or the evaluation is over. */
export type Task<Example, Output> = (
  example: Example,
  at: { readonly index: number; readonly signal: AbortSignal },
) => Output | Promise<Output>

/** A number; true or false as 1 or 0; or several of them by name. */
export type Score = number | boolean | Readonly<Record<string, number | boolean>>

/** Scores one output. What it throws counts as a failure of the example, and the other scorers go on. */
export type Scorer<Example, Output> = (example: Example, output: Output) => Score | Promise<Score>

/** Scores by name; those of a scorer that gives several as `<scorer>/<name>`. */
export type Scores = Readonly<Record<string, number>>

/** What failed on an example. */
export interface RowError {
  /** `task`, or the name of the scorer. */
  readonly where: string
  readonly message: string
}

/** What came of one example. */
export interface Row<Example, Output> {
  readonly index: number
  readonly example: Example
  /** Undefined where the task failed. */
  readonly output: Output | undefined
  readonly scores: Scores
  /** How long the task took. */
  readonly seconds: number
  readonly errors: readonly RowError[]
}

interface RowOptions<Example, Output> {
  readonly task: Task<Example, Output>
  readonly scorers: Readonly<Record<string, Scorer<Example, Output>>>
  readonly timeout?: number
  readonly signal?: AbortSignal
}

/** Null where the evaluation was ended before the task was. */
export const rowOf = async <Example, Output>(
  { index, example }: Taken<Example>,
  options: RowOptions<Example, Output>,
): Promise<Row<Example, Output> | null> => {
  const begun = performance.now()
  const scores: Record<string, number> = {}
  const errors: RowError[] = []
  const fail = (where: string, cause: unknown): void => {
    errors.push({ where, message: cause instanceof Error ? cause.message : String(cause) })
  }
  let output: Output | undefined
  try {
    output = await withinTime(options, (signal) => options.task(example, { index, signal }))
  } catch (cause) {
    if (options.signal?.aborted === true) return null
    fail("task", cause)
  }
  const seconds = (performance.now() - begun) / 1000
  if (errors.length > 0) return { index, example, output, scores, seconds, errors }
  for (const [name, scorer] of Object.entries(options.scorers))
    try {
      // The task has not failed, so this is what it gave.
      Object.assign(scores, scoresOf(name, await scorer(example, output as Output)))
    } catch (cause) {
      fail(name, cause)
    }
  return { index, example, output, scores, seconds, errors }
}

/** Rejects when the time or the evaluation is over, whether or not the task listens to its signal. */
const withinTime = async <A>(
  { timeout, signal }: Pick<RowOptions<unknown, unknown>, "timeout" | "signal">,
  task: (signal: AbortSignal) => A | Promise<A>,
): Promise<A> => {
  const ending = new AbortController()
  const abort = (): void => ending.abort(signal?.reason)
  signal?.addEventListener("abort", abort)
  const timer =
    timeout === undefined ? undefined : setTimeout(() => ending.abort(new Error(`took longer than ${timeout} ms`)), timeout)
  const ended = new Promise<never>((_, reject) => ending.signal.addEventListener("abort", () => reject(ending.signal.reason)))
  // A task that throws at once leaves nobody to hear of it.
  ended.catch(() => undefined)
  try {
    if (signal?.aborted === true) abort()
    return await Promise.race([ended, task(ending.signal)])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener("abort", abort)
  }
}

const scoresOf = (name: string, score: Score): Scores => {
  const several = typeof score === "object" && score !== null ? Object.entries(score) : null
  const scores = several?.map(([part, value]) => [`${name}/${part}`, value] as const) ?? [
    [name, score as number | boolean] as const,
  ]
  for (const [name, value] of scores)
    if (typeof value !== "number" && typeof value !== "boolean") throw new Error(`${name} is ${typeof value}, no number`)
  return Object.fromEntries(scores.map(([name, value]) => [name, Number(value)]))
}
