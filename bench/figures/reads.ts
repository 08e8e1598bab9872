import { type Figure, repeated } from "../support/figure.ts"
import { append, fold } from "../support/log.ts"
import { get, post } from "../support/rest.ts"
import { withServer } from "../support/server.ts"

export const reads: Figure = {
  name: "reads",
  says:
    "One series of 100,000 points, whole: as binary columns (a metric search with p=100000) and as JSON (get-batch); and 100 series " +
    "of 10,000 points at 500 points each. To the last byte.",
  measure: async ({ rounds, place }) => {
    const data = await place("reads")
    await append(data, { series: { runs: 1, series: 1, points: 100_000, perEvent: 100 } })
    await fold(data)
    const many = await place("many")
    await append(many, { series: { runs: 10, series: 10, points: 10_000, perEvent: 100 } })
    await fold(many)
    const one = await withServer(data, ({ backendUrl }) =>
      repeated(rounds + 1, async () => {
        const binary = await get(backendUrl, `/runs/search/metric?${search({ p: "100000" })}`)
        const body = [{ name: "metric_0", context: { subset: "train" } }]
        const json = await post(backendUrl, "/runs/series-0/metric/get-batch?record_density=100000", body)
        return [
          { name: "100,000-point series, binary", unit: "ms", value: binary.lastByte },
          { name: "100,000-point series, JSON", unit: "ms", value: json.lastByte },
          { name: "100,000-point series, size of the binary answer", unit: "MB", value: binary.body.length / 1e6 },
        ]
      }),
    )
    const hundred = await withServer(many, ({ backendUrl }) =>
      repeated(rounds + 1, async () => {
        const { lastByte } = await get(backendUrl, `/runs/search/metric?${search({ p: "500" })}`)
        return [{ name: "100 series of 10,000 points at 500", unit: "ms", value: lastByte }]
      }),
    )
    // The first of each only warms up.
    return one.slice(1).map((samples, round) => [...samples, ...hundred[round + 1]!])
  },
}

const search = (parameters: Readonly<Record<string, string>>): string =>
  new URLSearchParams({ q: "metric.name.startswith('metric_')", report_progress: "false", ...parameters }).toString()
