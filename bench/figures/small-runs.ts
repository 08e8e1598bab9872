import { Client } from "../support/client.ts"
import { type Figure, repeated } from "../support/figure.ts"
import { smallRunFrames } from "../support/frames.ts"
import { cpuSeconds } from "../support/processes.ts"
import { get, until } from "../support/rest.ts"
import { withServer } from "../support/server.ts"

const count = 1_000
/** Clients at work at once. */
const clients = 8

export const smallRuns: Figure = {
  name: "small-runs",
  says:
    `${count} runs of five parameters and ten points, each over a connection of its own in the stock client's frames, ${clients} at a ` +
    "time, until REST counts all of them as finished.",
  measure: ({ rounds, place }) =>
    repeated(rounds, async (round) =>
      withServer(await place(`small-runs-${round}`), async ({ backendUrl, frontierUrl, pid }) => {
        const cpu = cpuSeconds(pid)
        const start = performance.now()
        let next = 0
        const lane = async (): Promise<void> => {
          while (next < count) {
            const index = next++
            const client = await Client.open(frontierUrl, `small-${index}`)
            await client.sendAll(smallRunFrames(`small-${index}`, index))
            void client.close()
          }
        }
        await Promise.all(Array.from({ length: clients }, lane))
        await until(() => allFinished(backendUrl), 10)
        const millis = performance.now() - start
        return [
          { name: "small run, until visible", unit: "ms", value: millis / count },
          { name: "small run, server", unit: "CPU-ms", value: ((cpuSeconds(pid) - cpu) * 1_000) / count },
        ]
      }),
    ),
}

const allFinished = async (backendUrl: string): Promise<boolean> => {
  const { body } = await get(backendUrl, "/projects/activity")
  const told = JSON.parse(body.toString("utf8")) as { readonly num_runs: number; readonly num_active_runs: number }
  return told.num_runs === count && told.num_active_runs === 0
}
