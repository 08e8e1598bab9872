/** A run that is logged, deleted, restored and rewound in a running server, and what tells of all of it. */
import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { createRun, metric, openSocket, params } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { at, restOf } from "../support/rest.ts"
import { endAll, runCli, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const run = "0123456789abcdef0123456789abcdef"
const other = "fedcba9876543210fedcba9876543210"

afterEach(endAll)

describe("a run's past", () => {
  it("Law 1: is undone and told by events alone, so a rebuild comes to the same", async () => {
    const folder = freshFolder()
    const server = await startServer(folder)
    const rest = restOf(server.backendUrl)
    const sockets = await Promise.all([run, other].map((id) => openSocket(server.frontierUrl, id)))
    const [socket, beside] = [sockets[0]!, sockets[1]!]
    await beside.send([createRun(), metric("loss", 0, 9)])
    await socket.send(createRun())
    await socket.send([params({ hparams: { lr: 0.1 } }), ...[0, 1, 2, 3, 4].map((step) => metric("loss", step, step))])
    const values = async () =>
      at((await rest.ask("POST", `/runs/${run}/metric/get-batch/`, [{ name: "loss", context: {} }])).body, 0, "values")
    await until("five points", values, (all) => Array.isArray(all) && all.length === 5)

    expect((await rest.ask("DELETE", `/runs/${run}/`)).status).toBe(200)
    expect(at(await rest.get("/trash/"), "runs", 0, "id")).toBe(run)
    expect((await rest.ask("POST", `/runs/${run}/restore/`)).status).toBe(200)
    expect((await rest.ask("POST", `/runs/${run}/rewind/`, { step: 1 })).status).toBe(200)
    expect(await values()).toEqual([0, 1])
    await socket.send([metric("loss", 2, 20), metric("loss", 3, 30)])
    await until("points after the rewind", values, (all) => Array.isArray(all) && all.length === 4)
    expect(await values()).toEqual([0, 1, 20, 30])

    const entries = at(await rest.get(`/runs/${run}/history/?order=oldest`), "entries") as readonly { readonly type: string }[]
    const types = entries.map(({ type }) => type)
    expect(types.filter((type) => type.startsWith("Run"))).toEqual(["RunCreated", "RunDeleted", "RunRestored", "RunRewound"])
    expect(types.filter((type) => type === "PointsLogged").length).toBeGreaterThanOrEqual(2)
    const rewind = at(await rest.get(`/runs/${run}/superseded/`), "rewinds", 0, "offset")
    expect(at(await rest.get(`/runs/${run}/superseded/${String(rewind)}/?name=loss`), "values")).toEqual([2, 3, 4])

    expect((await rest.ask("POST", `/runs/${run}/note/`, { content: "rewound by hand" })).status).toBe(201)
    sockets.forEach((each) => each.close())
    await server.stop()
    expect(await server.verify()).toContain("equal")
    await eventsAreFound(folder)
  })
})

/** `matyan events` prints the same with the store, which tells it where to look, as without. */
const eventsAreFound = async (folder: string): Promise<void> => {
  const withoutStore = join(freshFolder(), "data")
  cpSync(folder, withoutStore, { recursive: true })
  rmSync(join(withoutStore, "store"), { recursive: true })
  const asked = ["events", "--run", run]
  const found = await runCli(folder, asked)
  expect(found.code).toBe(0)
  expect(found.stdout).toBe((await runCli(withoutStore, asked)).stdout)
  expect(found.stdout).not.toContain(other)
  const none = { code: 0, stdout: "", stderr: "matyan: the log has no such events of run nobody\n" }
  expect(await runCli(folder, ["events", "--run", "nobody"])).toMatchObject(none)
  const few = ["--type", "NoteCreated,RunRewound", "--since", "2001-01-01T00:00:00Z", "--until", "4000000000"]
  const lines = (await runCli(folder, ["events", "--entity", `run/${run}`, ...few])).stdout.trim().split("\n")
  expect(lines.map((line) => (JSON.parse(line) as { readonly type: string }).type)).toEqual(["NoteCreated", "RunRewound"])
}
