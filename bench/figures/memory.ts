import { type Figure, repeated } from "../support/figure.ts"
import { seriesValue } from "../support/histories.ts"
import { append } from "../support/log.ts"
import { watchMemory } from "../support/processes.ts"
import { lastValues, until } from "../support/rest.ts"
import { withServer } from "../support/server.ts"

const shape = { runs: 10, series: 10, points: 50_000, perEvent: 100 }
const points = shape.runs * shape.series * shape.points

export const memory: Figure = {
  name: "memory",
  says: `The server's peak while it folds a backlog of ${points} points from an empty store; RssAnon is its own memory, VmRSS counts mapped database pages too.`,
  measure: ({ rounds, place }) =>
    repeated(rounds, async (round) => {
      const data = await place(`memory-${round}`)
      await append(data, { series: shape })
      return withServer(data, async ({ backendUrl, pid }) => {
        const peak = watchMemory(pid)
        const start = performance.now()
        await until(() => isCaughtUp(backendUrl), 100)
        const seconds = (performance.now() - start) / 1_000
        const { anonymous, resident } = peak()
        return [
          { name: "backlog, peak RssAnon", unit: "MiB", value: anonymous },
          { name: "backlog, peak VmRSS", unit: "MiB", value: resident },
          { name: "backlog, drained", unit: "points/s", value: points / seconds },
        ]
      })
    }),
}

/** Whether every series shows its last point. */
const isCaughtUp = async (backendUrl: string): Promise<boolean> => {
  for (let run = 0; run < shape.runs; run++) {
    const seen = new Set(await lastValues(backendUrl, `series-${run}`))
    for (let series = 0; series < shape.series; series++) if (!seen.has(seriesValue(shape.points - 1, series))) return false
  }
  return true
}
