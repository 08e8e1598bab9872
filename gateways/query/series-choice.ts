/** Which series a request means: those that match a query, or those it names. */
import type { LoadedRun, NeededParts } from "../../projections/search-facts.ts"
import type { TraceView } from "../../projections/run-view.ts"
import { isId } from "./parameters.ts"
import type { Search } from "./search.ts"
import { checkCount, type NamedSeries } from "./series-request.ts"
import { findTrace } from "./traces-in-body.ts"

export interface ChosenSeries {
  readonly run: string
  readonly trace: TraceView
}

const metricsOnly: NeededParts = { attributes: false, metrics: true, tags: false }

/** Newest run first; 400 where they are too many. */
export const matchingSeries = async (search: Search): Promise<readonly ChosenSeries[]> => {
  const matches = new Map((await search.sequences(isMetric)).map(({ run, isMatch }) => [run, isMatch]))
  checkCount(matches.size, "q")
  const chosen: ChosenSeries[] = []
  await search.eachOf([...matches.keys()], metricsOnly, (loaded) => {
    const run = loaded.fields.id
    for (const trace of metricsOf(loaded)) if (matches.get(run)?.(trace) === true) chosen.push({ run, trace })
    checkCount(chosen.length, "q")
    return true
  })
  return chosen
}

/** In the order they are named in; those that are not there are left out. */
export const namedSeries = async (search: Search, asked: readonly NamedSeries[]): Promise<readonly ChosenSeries[]> => {
  const runs = new Set(asked.map(({ run }) => run).filter(isId))
  const metrics = new Map<string, readonly TraceView[]>()
  await search.eachOf([...runs], metricsOnly, (loaded) => {
    metrics.set(loaded.fields.id, metricsOf(loaded))
    return true
  })
  return asked.flatMap((one) => {
    const trace = findTrace(metrics.get(one.run) ?? [], one)
    return trace === undefined ? [] : [{ run: one.run, trace }]
  })
}

const isMetric = ({ kind }: TraceView): boolean => kind === "metric"

const metricsOf = ({ traces }: LoadedRun): readonly TraceView[] => (traces ?? []).filter(isMetric)
