import { join } from "node:path"
import { type Figure, repeated } from "../support/figure.ts"
import { append, rebuild as refold } from "../support/log.ts"

export const rebuild: Figure = {
  name: "rebuild",
  says: "The whole log folded into an empty store, as `matyan verify` folds it: 2,000,000 points, 100 per event; 200,000 small events.",
  measure: async ({ rounds, folder }) => {
    const [large, small] = [join(folder, "large"), join(folder, "small")]
    await append(large, { series: { runs: 10, series: 10, points: 20_000, perEvent: 100 } })
    await append(small, { small: 200_000 })
    return repeated(rounds, async () => {
      const a = await refold(large)
      const b = await refold(small)
      return [
        { name: "rebuild, 100 points per event", unit: "points/s", value: a.points / a.seconds },
        { name: "rebuild, 100 points per event, CPU", unit: "points/CPU-s", value: a.points / a.cpuSeconds },
        { name: "rebuild, small events", unit: "events/s", value: b.events / b.seconds },
        { name: "rebuild, small events, CPU", unit: "events/CPU-s", value: b.events / b.cpuSeconds },
      ]
    })
  },
}
