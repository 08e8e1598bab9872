import { type Figure, repeated, type Sample } from "../support/figure.ts"
import { append, rebuild } from "../support/log.ts"

/** Millions of points. */
const lengths = [1, 3, 10, 30, 100]
const perSeries = 100_000
const seriesOfRun = 10

export const linear: Figure = {
  name: "linear",
  says: "As the figure rebuild folds: logs of more and more points, 100 per event, in series of 100,000, ten to a run. Longer ones with --points.",
  measure: async ({ rounds, points, place }) => {
    const places = await Promise.all(
      lengths
        .filter((millions) => millions * 1e6 <= points)
        .map(async (millions) => [millions, await place(String(millions))] as const),
    )
    for (const [millions, log] of places) {
      const series = Math.min(seriesOfRun, (millions * 1e6) / perSeries)
      const runs = Math.ceil((millions * 1e6) / (perSeries * series))
      await append(log, { series: { runs, series, points: perSeries, perEvent: 100 } })
    }
    return repeated(rounds, async () => {
      const samples: Sample[] = []
      for (const [millions, log] of places) {
        const { points: folded, seconds, peakAnonymous } = await rebuild(log)
        const name = `rebuild of ${millions} million points`
        samples.push({ name, unit: "points/s", value: folded / seconds })
        samples.push({ name: `${name}, peak RssAnon`, unit: "MiB", value: peakAnonymous })
      }
      return samples
    })
  },
}
