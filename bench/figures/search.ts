import { type Figure, repeated } from "../support/figure.ts"
import { append, fold } from "../support/log.ts"
import { get } from "../support/rest.ts"
import { withServer } from "../support/server.ts"

export const search: Figure = {
  name: "search",
  says:
    "Run search over many runs (10,000 unless told): by an indexed parameter that 1 % of them match, the first page of 50; by a predicate " +
    "that no index knows; and the list of all. To the last byte.",
  measure: async ({ rounds, place, runs }) => {
    const data = await place("search")
    await append(data, { runs })
    await fold(data)
    const measured = await withServer(data, ({ backendUrl }) =>
      repeated(rounds + 1, async () => {
        const page = await get(backendUrl, path("run.hparams.group == 7", { limit: "50" }))
        const unindexed = await get(backendUrl, path("run.hparams.seed % 1000 == 999", { limit: "50" }))
        const light = { exclude_params: "true", exclude_traces: "true" }
        const bare = await get(backendUrl, path("", light))
        const list = await get(backendUrl, path("", {}))
        return [
          { name: "indexed search, first page of 50", unit: "ms", value: page.lastByte },
          { name: "unindexed predicate", unit: "runs/s", value: runs / (unindexed.lastByte / 1_000) },
          { name: "list of all runs, per 10,000", unit: "ms", value: (list.lastByte * 10_000) / runs },
          { name: "list without params and metrics, per 10,000", unit: "ms", value: (bare.lastByte * 10_000) / runs },
        ]
      }),
    )
    // The first only warms up.
    return measured.slice(1)
  },
}

const path = (q: string, parameters: Readonly<Record<string, string>>): string =>
  `/runs/search/run?${new URLSearchParams({ q, report_progress: "false", ...parameters }).toString()}`
