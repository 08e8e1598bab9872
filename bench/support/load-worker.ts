/** Sends stock frames over four connections at an even pace until it is terminated. */
import { setTimeout as pause } from "node:timers/promises"
import { parentPort, workerData } from "node:worker_threads"
import { Client } from "./client.ts"
import { messagesPerFrame, pointFrames } from "./frames.ts"

const { frontierUrl, pointsPerSecond } = workerData as { readonly frontierUrl: string; readonly pointsPerSecond: number }
const connections = 4
/** Frames of one run; after them a new run begins. */
const framesPerRun = 500

const lane = async (number: number): Promise<void> => {
  const every = (1_000 * connections * messagesPerFrame) / pointsPerSecond
  let due = performance.now()
  for (let run = 0; ; run++) {
    const id = `load-${process.pid}-${Date.now()}-${number}-${run}`
    const client = await Client.open(frontierUrl, id)
    for (const frame of pointFrames(id, framesPerRun)) {
      due += every
      const early = due - performance.now()
      if (early > 1) await pause(early)
      await client.send(frame)
    }
    await client.close()
  }
}

for (let number = 0; number < connections; number++) void lane(number)
await pause(1_500)
parentPort?.postMessage("up to speed")
