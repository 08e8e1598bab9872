/** A log that is shorter than what was folded of it: what it acknowledges next would be taken for old and never be seen. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { createRun, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { restOf } from "../support/rest.ts"
import { endAll, runCli, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

it("does not serve projections of a longer log; without them it serves the log that is there", async () => {
  const server = await startServer(freshFolder())
  const socket = await openSocket(server.frontierUrl, "run")
  await socket.send(createRun())
  const shown = async () => (await restOf(server.backendUrl).ask("GET", "/runs/run/info")).status
  await until("the run", shown, (status) => status === 200)
  await server.stop()

  rmSync(join(server.folder, "log"), { recursive: true })
  const { code, stdout, stderr } = await runCli(server.folder, ["serve"], { MATYAN_BACKEND_PORT: "0", MATYAN_FRONTIER_PORT: "0" })
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
  expect(stderr).toContain("folded from a longer log")

  rmSync(join(server.folder, "store"), { recursive: true })
  const again = await server.restart()
  expect((await restOf(again.backendUrl).ask("GET", "/runs/run/info")).status).toBe(404)
  await again.stop()
})
