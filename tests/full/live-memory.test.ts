/** What a server keeps of runs that come and go, of connections and of reads: nothing, but for a bounded memory of runs. */
import { afterEach, expect, it } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { inspectable, liveHeaps } from "../support/inspector.ts"
import { restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"

afterEach(endAll)

/** Deleted runs leave the trash after seconds, and their tombstones soon after. */
const settings = {
  ...inspectable,
  MATYAN_TRASH_HOURS: "0.001",
  MATYAN_TOMBSTONES_EVERY_HOURS: "0.002",
  MATYAN_TOMBSTONES_OLDER_THAN_HOURS: "0.002",
}
const runs = 500
const lanes = 10
/** KiB of each run that would be kept by mistake. The last thousand runs are remembered: they are there before it is measured. */
const mostPerRun = 1.4
/** So many pairs of rounds may be needed to tell what is kept of each from code that is compiled and buffers that grow once. */
const mostPairs = 6

it("what lives after a collection does not grow with the runs that were logged, searched and deleted", async () => {
  const server = await startServer(freshFolder(), settings)
  const rest = restOf(server.backendUrl)
  let made = 0
  const one = async (): Promise<void> => {
    const run = `run-${made++}`
    const socket = await openSocket(server.frontierUrl, run)
    await socket.send([createRun(), ...Array.from({ length: 10 }, (_, step) => metric("loss", step, 1 / (step + 1)))])
    socket.close()
    await rest.ask("GET", `/runs/search/run?limit=5&q=run.name == "${run}"`)
    await rest.ask("DELETE", `/runs/${run}`)
  }
  const round = async (): Promise<void> => {
    const lane = async (): Promise<void> => {
      for (let i = 0; i < runs / lanes; i++) await one()
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }
  const heaps = await liveHeaps(server.output().stderr)
  // The first are also what code is compiled for.
  for (let i = 0; i < 3; i++) await round()
  const before = await heaps.measure()
  // The gateways and the projector's thread.
  expect(before).toHaveLength(2)
  let perRun = Number.POSITIVE_INFINITY
  for (let pairs = 1; pairs <= mostPairs && perRun >= mostPerRun; pairs++) {
    await round()
    await round()
    const now = await heaps.measure()
    perRun = Math.max(...now.map((mib, i) => ((mib - before[i]!) * 1_024) / (2 * pairs * runs)))
    process.stdout.write(`live heaps after ${2 * pairs * runs} runs: ${shown(before)} to ${shown(now)} MiB\n`)
  }
  heaps.close()
  expect(perRun).toBeLessThan(mostPerRun)
})

const shown = (heaps: readonly number[]): string => heaps.map((mib) => mib.toFixed(1)).join(", ")
