import { Client } from "../support/client.ts"
import { type Figure, repeated, type Sample } from "../support/figure.ts"
import { lastValue, messagesPerFrame, pointFrames } from "../support/frames.ts"
import { cpuSeconds } from "../support/processes.ts"
import { untilLast } from "../support/rest.ts"
import { type Server, withServer } from "../support/server.ts"

const points = 200_000

const cases = [
  { label: "1 connection", connections: 1, inFlight: 1 },
  { label: "4 connections", connections: 4, inFlight: 1 },
  { label: "4 connections, 4 frames in flight", connections: 4, inFlight: 4 },
] as const

export const ingest: Figure = {
  name: "ingest",
  says:
    "Stock frames of 100 single-point messages (four series in turn) through the WebSocket, from the first frame sent until " +
    "REST shows the last point of every series.",
  measure: async ({ rounds, place }) =>
    withServer(await place("ingest"), async (server) => {
      await ingested(server, "warm", cases[1])
      return repeated(rounds, async (round) => {
        const samples: Sample[] = []
        for (const [i, each] of cases.entries()) samples.push(...(await ingested(server, `${round}-${i}`, each)))
        return samples
      })
    }),
}

const ingested = async (
  { backendUrl, frontierUrl, pid }: Server,
  name: string,
  { label, connections, inFlight }: (typeof cases)[number],
): Promise<readonly Sample[]> => {
  const runs = Array.from({ length: connections }, (_, i) => `ingest-${name}-${i}`)
  const frames = runs.map((run) => pointFrames(run, points / messagesPerFrame / connections, { ends: true }))
  const clients = await Promise.all(runs.map((run) => Client.open(frontierUrl, run)))
  const cpu = cpuSeconds(pid)
  const start = performance.now()
  await Promise.all(clients.map((client, i) => client.sendAll(frames[i]!, inFlight)))
  const acknowledged = (performance.now() - start) / 1_000
  await Promise.all(runs.map((run) => untilLast(backendUrl, run, 4, lastValue)))
  const visible = (performance.now() - start) / 1_000
  const used = cpuSeconds(pid) - cpu
  await Promise.all(clients.map((client) => client.close()))
  return [
    { name: `ingest, ${label}: visible`, unit: "points/s", value: points / visible },
    { name: `ingest, ${label}: acknowledged`, unit: "points/s", value: points / acknowledged },
    { name: `ingest, ${label}: server`, unit: "points/CPU-s", value: points / used },
  ]
}
