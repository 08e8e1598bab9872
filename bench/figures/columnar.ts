import { type Figure, repeated } from "../support/figure.ts"
import { columnar as appendAndFold } from "../support/log.ts"

const shape = { runs: 4, series: 10, points: 50_000, perEvent: 1_000 }
const points = shape.runs * shape.series * shape.points

export const columnar: Figure = {
  name: "columnar",
  says:
    `${points} points in events of 1,000 appended to the log, while the projector folds in its thread, until its checkpoint has ` +
    "passed them all.",
  measure: ({ rounds, place }) =>
    repeated(rounds, async (round) => {
      const { durable, seconds } = await appendAndFold(await place(`columnar-${round}`), { series: shape })
      return [
        { name: "columnar: durable", unit: "points/s", value: points / durable },
        { name: "columnar: visible", unit: "points/s", value: points / seconds },
      ]
    }),
}
