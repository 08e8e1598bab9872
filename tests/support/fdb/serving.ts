/** The whole program on FoundationDB: what clients log is shown, found and deleted. */
import { expect } from "vitest"
import { createRun, metric, openSocket, params, tag } from "../client-frames.ts"
import { restOf } from "../rest.ts"
import type { Server } from "../server.ts"
import { until } from "../wait.ts"

export const logAndAsk = async (server: Server): Promise<void> => {
  const rest = restOf(server.backendUrl)
  for (const run of ["first", "second"]) {
    const socket = await openSocket(server.frontierUrl, run)
    await socket.send([createRun(), params({ hparams: { lr: 0.5 } }), tag("kept")])
    await socket.send(Array.from({ length: 1_500 }, (_, step) => metric("loss", step, step / 2)))
    socket.close()
  }
  const last = async (run: string) => JSON.stringify((await rest.ask("GET", `/runs/${run}/info`)).body)
  for (const run of ["first", "second"])
    await until(
      `the points of ${run}`,
      () => last(run),
      (info) => info.includes("749.5"),
    )
  expect((await rest.ask("GET", "/experiments/")).status).toBe(200)
  expect((await rest.ask("DELETE", "/runs/second")).status).toBe(200)
  expect((await rest.ask("GET", "/runs/second/info")).status).toBe(404)
  expect((await rest.ask("GET", "/runs/first/info")).status).toBe(200)
}
