import { Worker } from "node:worker_threads"
import { Client } from "../support/client.ts"
import { type Figure, quantile, repeated, type Sample } from "../support/figure.ts"
import { pointMessage } from "../support/frames.ts"
import { fdatasyncMillis } from "../support/machine.ts"
import { lastValues, until } from "../support/rest.ts"
import { type Server, withServer } from "../support/server.ts"

const probes = 200
/** Half of what one such machine is to take. */
const halfLoad = 60_000

export const latency: Figure = {
  name: "latency",
  says:
    "One point per frame: from its sending until a REST read (GET /runs/{id}/info, asked again without a pause) shows its value; " +
    `on an idle server, and while other runs send ${halfLoad} points/s.`,
  measure: async ({ rounds, folder, place }) =>
    withServer(await place("latency"), async (server) => {
      await probed(server, "warm")
      return repeated(rounds, async (round) => {
        const flush = { name: "one fdatasync here", unit: "ms", value: fdatasyncMillis(folder) }
        const idle = samplesOf("idle", await probed(server, `idle-${round}`))
        const loaded = samplesOf("half load", await underLoad(server, () => probed(server, `loaded-${round}`)))
        return [flush, ...idle, ...loaded]
      })
    }),
}

interface Probes {
  readonly acknowledged: readonly number[]
  readonly visible: readonly number[]
}

const probed = async ({ backendUrl, frontierUrl }: Server, run: string): Promise<Probes> => {
  const client = await Client.open(frontierUrl, run)
  const acknowledged: number[] = []
  const visible: number[] = []
  for (let i = 0; i < probes; i++) {
    const start = performance.now()
    const sent = client.send(pointMessage(run, i * 4, i + 0.5)).then(() => acknowledged.push(performance.now() - start))
    await until(async () => (await lastValues(backendUrl, run))[0] === i + 0.5, 0)
    visible.push(performance.now() - start)
    await sent
  }
  await client.close()
  return { acknowledged, visible }
}

const samplesOf = (when: string, { acknowledged, visible }: Probes): readonly Sample[] => [
  { name: `${when}: acknowledged p50`, unit: "ms", value: quantile(acknowledged, 0.5) },
  { name: `${when}: acknowledged p99`, unit: "ms", value: quantile(acknowledged, 0.99) },
  { name: `${when}: visible p50`, unit: "ms", value: quantile(visible, 0.5) },
  { name: `${when}: visible p99`, unit: "ms", value: quantile(visible, 0.99) },
]

const underLoad = async <A>({ frontierUrl }: Server, act: () => Promise<A>): Promise<A> => {
  const sender = new Worker(new URL("../support/load-worker.ts", import.meta.url), {
    workerData: { frontierUrl, pointsPerSecond: halfLoad },
  })
  try {
    // It says when it is up to speed.
    await new Promise((resolve, reject) => sender.once("message", resolve).once("error", reject))
    return await act()
  } finally {
    await sender.terminate()
  }
}
