import { type Figure, repeated } from "../support/figure.ts"
import { append, rebuild as refold } from "../support/log.ts"

export const rebuild: Figure = {
  name: "rebuild",
  says:
    "The whole log folded into an empty store, as `matyan verify` folds it: 2,000,000 points, 100 per event; 200,000 events of one point; " +
    "and 100,000 small events of all kinds, of which one in twenty makes a run (about 48 rows each).",
  measure: async ({ rounds, place }) => {
    const [large, single, mixed] = [await place("large"), await place("single"), await place("mixed")]
    await append(large, { series: { runs: 10, series: 10, points: 20_000, perEvent: 100 } })
    await append(single, { series: { runs: 10, series: 10, points: 2_000, perEvent: 1 } })
    await append(mixed, { small: 100_000 })
    return repeated(rounds, async () => {
      const [a, b, c] = [await refold(large), await refold(single), await refold(mixed)]
      return [
        { name: "rebuild, 100 points per event", unit: "points/s", value: a.points / a.seconds },
        { name: "rebuild, 100 points per event, CPU", unit: "points/CPU-s", value: a.points / a.cpuSeconds },
        { name: "rebuild, single points", unit: "events/s", value: b.events / b.seconds },
        { name: "rebuild, single points, CPU", unit: "events/CPU-s", value: b.events / b.cpuSeconds },
        { name: "rebuild, small events of all kinds", unit: "events/s", value: c.events / c.seconds },
        { name: "rebuild, small events of all kinds, CPU", unit: "events/CPU-s", value: c.events / c.cpuSeconds },
      ]
    })
  },
}
