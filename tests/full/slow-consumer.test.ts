/** Folding stands still, and clients log and read on: nothing waits for it but what must, and everybody is told. */
import { once } from "node:events"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { afterEach, expect, it, onTestFinished } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { seeded } from "../support/hammer.ts"
import { Load } from "../support/load.ts"
import { restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

/** Nothing is folded until it is released. */
const holdFolding = async (folder: string): Promise<() => Promise<void>> => {
  const released = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL("../support/holding-worker.ts", import.meta.url), {
    workerData: { folder: join(folder, "store"), released },
  })
  const release = async (): Promise<void> => {
    Atomics.store(released, 0, 1)
    Atomics.notify(released, 0)
    await once(worker, "exit")
  }
  onTestFinished(() => void worker.terminate())
  await once(worker, "message")
  return release
}

const lagOf = async ({ backendUrl }: Server): Promise<number> => {
  const text = await (await fetch(`${backendUrl}/metrics/`)).text()
  return [...text.matchAll(/^matyan_projection_lag_events\{.*\} (\d+)$/gm)].reduce((sum, [, events]) => sum + Number(events), 0)
}

it("Law 9, Law 1: while nothing is folded, frames are acknowledged, reads show what was there, and the lag is told; then all is there", async () => {
  const server = await startServer(freshFolder(), { MATYAN_WAIT_MS: "2000" })
  const rest = restOf(server.backendUrl)
  const early = "e".repeat(32)
  const socket = await openSocket(server.frontierUrl, early)
  expect(await socket.send([createRun(), metric("loss", 0, 0.5)])).toEqual({ status: "ok", error: null })
  const info = () => rest.ask("GET", `/runs/${early}/info/`)
  await until("the first run", info, ({ status }) => status === 200)
  const before = (await info()).body

  const release = await holdFolding(server.folder)
  const load = new Load(seeded(9))
  const connections = load.connect(server)
  await load.reached(400, connections, false)
  const lag = await until(
    "the lag in the metrics",
    () => lagOf(server),
    (events) => events > 400,
  )
  const ready = await (await fetch(`${server.backendUrl}/health/ready/`)).text()
  expect(ready).toMatch(/\d+ events behind the log/)
  expect((await info()).body).toEqual(before)
  const renamed = await rest.ask("PUT", `/runs/${early}/`, { name: "while nothing is folded" })
  expect(renamed).toMatchObject({ status: 202, body: { status: "accepted" } })
  const answer = await fetch(`${server.backendUrl}/api/v1/rest/runs/${early}/info/`)
  expect(Number(answer.headers.get("x-matyan-lag"))).toBeGreaterThan(400)
  expect((await fetch(`${server.backendUrl}/api/v1/rest/runs/search/run?limit=1`)).status).toBe(200)
  expect(load.losses).toBe(0)

  await release()
  await load.finish(server)
  await until(
    "all to be folded",
    () => lagOf(server),
    (events) => events === 0,
  )
  await load.expectAll(server)
  expect(JSON.stringify((await info()).body)).toContain("while nothing is folded")
  expect(lag).toBeGreaterThan(400)
  socket.close()
  expect(await server.verify()).toMatch(/^equal: \d+ rows/)
})
