/** Which metrics are meant, and how the server is asked for them. */
import type { Operations } from "./api-types.ts"
import { keyOf } from "./columns.ts"

/** One metric of one run. */
export interface SeriesName {
  readonly run: string
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
}

/** Which metrics, at most 1,000: by runs and names, in all contexts unless some are told; by each; or by a MatyanQL expression. */
export type SeriesChoice =
  | {
      readonly runs: string | readonly string[]
      readonly names: string | readonly string[]
      readonly contexts?: readonly Readonly<Record<string, unknown>>[]
    }
  | { readonly series: readonly SeriesName[] }
  | { readonly query: string }

type Question = Operations["POST /runs/series"]["given"]["body"]

/** What `POST /runs/series` is asked. */
export const questionOf = (choice: SeriesChoice): Question => {
  if ("series" in choice) return { series: choice.series }
  if ("query" in choice) return { q: choice.query }
  const [runs, names] = [[choice.runs].flat(), [choice.names].flat()]
  if (choice.contexts === undefined) return { q: queryOf(choice) }
  const { contexts } = choice
  return { series: runs.flatMap((run) => names.flatMap((name) => contexts.map((context) => ({ run, name, context })))) }
}

/** A list of texts, as the query language writes them: JSON is read the same. */
const literal = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(", ")}]`

/** A query that finds them, and maybe the same in other contexts. */
export const queryOf = (choice: SeriesChoice): string => {
  if ("query" in choice) return choice.query
  const [runs, names] =
    "series" in choice
      ? [choice.series.map(({ run }) => run), choice.series.map(({ name }) => name)]
      : [[choice.runs].flat(), [choice.names].flat()]
  return `run.hash in ${literal([...new Set(runs)])} and metric.name in ${literal([...new Set(names)])}`
}

/** Whether a series is one that was named; the query knows of runs and names alone. */
export const wantedIn = (choice: SeriesChoice): ((series: SeriesName) => boolean) => {
  if ("query" in choice) return () => true
  if ("series" in choice) {
    const keys = new Set(choice.series.map(({ run, name, context }) => JSON.stringify([run, name, keyOf(context)])))
    return ({ run, name, context }) => keys.has(JSON.stringify([run, name, keyOf(context)]))
  }
  const contexts = choice.contexts === undefined ? null : new Set(choice.contexts.map(keyOf))
  return ({ context }) => contexts === null || contexts.has(keyOf(context))
}
