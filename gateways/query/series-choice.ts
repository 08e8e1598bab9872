/** Which series a request means: those that match a query, or those it names. */
import { type LoadedRun, type NeededParts, RunLoader } from "../../projections/search-facts.ts"
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
  const matches = await search.sequences(isMetric)
  checkCount(matches.length, "q")
  return search.read(async (rows) => {
    const loader = new RunLoader(rows)
    const chosen: ChosenSeries[] = []
    for (const { run, isMatch } of matches) {
      const loaded = await search.orLeftOut(run, () => loader.load(run, metricsOnly))
      for (const trace of metricsOf(loaded)) if (isMatch(trace)) chosen.push({ run, trace })
      checkCount(chosen.length, "q")
      await search.turn()
    }
    return chosen
  })
}

/** In the order they are named in; those that are not there are left out. */
export const namedSeries = (search: Search, asked: readonly NamedSeries[]): Promise<readonly ChosenSeries[]> =>
  search.read(async (rows) => {
    const loader = new RunLoader(rows)
    const loaded = new Map<string, readonly TraceView[]>()
    const chosen: ChosenSeries[] = []
    for (const one of asked) {
      const { run } = one
      if (!loaded.has(run))
        loaded.set(run, isId(run) ? metricsOf(await search.orLeftOut(run, () => loader.load(run, metricsOnly))) : [])
      const trace = findTrace(loaded.get(run)!, one)
      if (trace !== undefined) chosen.push({ run, trace })
      await search.turn()
    }
    return chosen
  })

const isMetric = ({ kind }: TraceView): boolean => kind === "metric"

const metricsOf = (loaded: LoadedRun | undefined): readonly TraceView[] => (loaded?.traces ?? []).filter(isMetric)
