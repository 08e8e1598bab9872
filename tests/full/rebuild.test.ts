/** The real rebuild as a process of its own, beside a server that goes on. */
import { once } from "node:events"
import { afterEach, expect, it } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { restOf } from "../support/rest.ts"
import { endAll, runCli, spawnCli, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

it("Law 1: killed and begun again while a run logs and is read, it gives what the log says, and readers never miss what they saw", async () => {
  const server = await startServer(freshFolder())
  const rest = restOf(server.backendUrl)
  const socket = await openSocket(server.frontierUrl, "run")
  await socket.send(createRun())
  for (let i = 0; i < 40; i++)
    await socket.send(Array.from({ length: 50 }, (_, j) => metric(`m${j % 5}`, i * 10 + Math.floor(j / 5), Math.sin(i * j))))
  await until(
    "the run",
    async () => (await rest.ask("GET", "/runs/run/info")).status,
    (status) => status === 200,
  )

  let step = 400
  const over = new AbortController()
  let refused = 0
  let lost = 0
  const logging = (async () => {
    while (!over.signal.aborted) if ((await socket.send(metric("m0", step++, 1))).status !== "ok") refused++
  })()
  const reading = (async () => {
    while (!over.signal.aborted) if ((await rest.ask("GET", "/runs/run/info")).status !== 200) lost++
  })()
  const child = spawnCli(server.folder, ["rebuild"], {})
  const ended = once(child, "close")
  await Promise.race([once(child.stderr!, "data"), ended])
  child.kill("SIGKILL")
  await ended
  const { code, stdout, stderr } = await runCli(server.folder, ["rebuild"])
  over.abort()
  await Promise.all([logging, reading])
  expect({ code, stdout, refused, lost }, stderr).toEqual({
    code: 0,
    stdout: "the projections are rebuilt\n",
    refused: 0,
    lost: 0,
  })
  expect(step).toBeGreaterThan(400)
  expect(await server.verify()).toMatch(/^equal/)
  await server.stop()
}, 120_000)
