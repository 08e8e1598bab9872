/** No room is left, on each of the three folders by itself: reads go on, writes are refused or wait, and work resumes. */
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { createRun, metric, openSocket, terminalLine } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { smallFolder } from "../support/small-folder.ts"
import { seeded } from "../support/hammer.ts"
import { Load } from "../support/load.ts"
import { at, restOf } from "../support/rest.ts"
import { endAll, runCli, type Server, startServer } from "../support/server.ts"
import { upload } from "../support/upload.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

/** Room for what the programs need at their start, in MiB. */
const size = 160

const ready = async (url: string): Promise<{ readonly status: number; readonly text: string }> => {
  const answer = await fetch(`${url}/health/ready/`)
  return { status: answer.status, text: await answer.text() }
}

/** A run that is there, and one client that has said something. */
const begun = async (server: Server) => {
  const rest = restOf(server.backendUrl)
  const socket = await openSocket(server.frontierUrl, "run")
  expect(await socket.send([createRun(), metric("loss", 0, 1)])).toMatchObject({ status: "ok" })
  const info = async () => (await rest.ask("GET", "/runs/run/info")).status
  await until("the run", info, (status) => status === 200)
  return { rest, socket, info }
}

/** Everything that was acknowledged under load is there once, and the projections are what the log says. */
const expectWhole = async (server: Server, load: Load): Promise<void> => {
  await load.finish(server)
  await load.expectAll(server)
  expect(await server.verify()).toMatch(/^equal/)
  await server.stop()
}

describe("where no room is left", () => {
  it("Law 9: for the log, what is logged waits, commands are refused with one error, and both go on when there is", async () => {
    const folder = freshFolder()
    const small = smallFolder(join(folder, "log"), size)
    const server = await startServer(folder)
    const { rest, socket, info } = await begun(server)
    const load = new Load(seeded(1), "", 200)
    const connections = load.connect(server)
    await load.reached(50, connections, false)

    small.fill()
    let isAnswered = false
    // Of several pages, so that none that is free already will do.
    const large = Array.from({ length: 40 }, (_, i) => terminalLine("x".repeat(10_000), i))
    const waiting = socket.send(large).then((reply) => {
      isAnswered = true
      return reply
    })
    const refused = await until(
      "a command to be refused",
      () => rest.ask("POST", "/tags", { name: `tag ${performance.now()}` }),
      ({ status }) => status === 503,
    )
    expect(at(refused.body, "error", "message")).toContain("No space left on device")
    await until(
      "the gateway to say so",
      () => ready(server.frontierUrl),
      ({ status }) => status === 503,
    )
    expect((await ready(server.frontierUrl)).text).toContain("No space left on device")
    expect(await info()).toBe(200)
    expect((await runCli(folder, ["dump", "--hash"])).code).toBe(0)
    expect(isAnswered).toBe(false)

    small.empty()
    const freed = performance.now()
    expect(await waiting).toEqual({ status: "ok", error: null })
    await until(
      "commands to be taken",
      () => rest.ask("POST", "/tags", { name: `after ${performance.now()}` }),
      ({ status }) => status === 200,
      10,
    )
    expect(performance.now() - freed).toBeLessThan(10_000)
    expect((await ready(server.frontierUrl)).status).toBe(200)
    socket.close()
    await expectWhole(server, load)
  })

  it("Law 9, Law 1: for the store, all is logged and read on, and folding goes on when there is", async () => {
    const folder = freshFolder()
    const small = smallFolder(join(folder, "store"), size)
    const server = await startServer(folder, { MATYAN_WAIT_MS: "2000" })
    const { rest, socket, info } = await begun(server)
    const load = new Load(seeded(2), "", 200)
    const connections = load.connect(server)
    await load.reached(20, connections, false)

    small.fill()
    await until(
      "a command that is not seen",
      () => rest.ask("POST", "/tags", { name: `tag ${performance.now()}` }),
      ({ status }) => status === 202,
    )
    await load.reached(50, connections, false)
    expect(await socket.send(metric("loss", 1, 1))).toMatchObject({ status: "ok" })
    expect(await info()).toBe(200)
    const told = await until(
      "the gateway to say so",
      () => ready(server.backendUrl),
      ({ text }) => /No space left/.test(text),
    )
    expect(told.status).toBe(200)
    expect((await ready(server.frontierUrl)).status).toBe(200)

    small.empty()
    await socket.send(metric("last", 0, 7))
    const last = async () => (await rest.ask("POST", "/runs/run/metric/get-batch/", [{ name: "last", context: {} }])).body
    await until("folding to go on", last, (body) => at(body, 0, "values", 0) === 7, 10)
    socket.close()
    await expectWhole(server, load)
  })

  it("for files, uploads alone are refused, and taken again when there is", async () => {
    const folder = freshFolder()
    const small = smallFolder(join(folder, "blobs"), size)
    const server = await startServer(folder)
    const { rest, socket } = await begun(server)
    await upload(server, "run", "before", "weights")

    small.fill()
    await expect(upload(server, "run", "during", "w".repeat(1_000_000))).rejects.toThrow("503")
    expect((await ready(server.backendUrl)).text).toMatch(/ENOSPC|[Nn]o space left/)
    expect(await socket.send(metric("loss", 1, 1))).toMatchObject({ status: "ok" })
    const file = async (name: string) => Buffer.from(await rest.bytes(`/runs/run/artifacts/download?path=${name}`)).toString()
    await until(
      "the file",
      () => file("before").catch(String),
      (text) => text === "weights",
    )

    small.empty()
    await upload(server, "run", "after", "more weights")
    await until(
      "the file",
      () => file("after").catch(String),
      (text) => text === "more weights",
      10,
    )
    socket.close()
    expect(await server.verify()).toMatch(/^equal/)
    await server.stop()
  })
})

describe("a folder that cannot be written", () => {
  it.each([
    ["log", /the log in .* cannot be opened: Read-only file system/],
    ["store", /the store in .* cannot be opened.*Read-only file system/],
    ["blobs", /objects cannot be stored or read: EROFS/],
    ["registry", /the schema registry in .* cannot be opened.*Read-only file system/],
  ])("%s: the start says so and ends with 1", async (name, words) => {
    const folder = freshFolder()
    const small = smallFolder(join(folder, name), size)
    const server = await startServer(folder)
    await server.stop()
    small.setReadOnly(true)
    const { code, stdout, stderr } = await runCli(folder, ["serve"], { MATYAN_BACKEND_PORT: "0", MATYAN_FRONTIER_PORT: "0" })
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toMatch(words)
    small.setReadOnly(false)
    await (await server.restart()).stop()
  })
})
