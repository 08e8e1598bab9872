/** Files that a disk has damaged: the start says which, and nothing that is wrong is served without a word. */
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { createRun, openSocket, params } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { restOf } from "../support/rest.ts"
import { endAll, runCli, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const page = 4_096
const word = "a word that stands nowhere else"

/** A folder with a run in it, as a server that was stopped leaves it. */
const filled = async (): Promise<string> => {
  const server = await startServer(freshFolder())
  const socket = await openSocket(server.frontierUrl, "run")
  await socket.send(createRun())
  for (let i = 0; i < 20; i++) await socket.send(params({ hparams: { [`p${i}`]: "x".repeat(1_000) } }))
  await socket.send(params({ hparams: { word } }))
  const shown = async () => JSON.stringify((await restOf(server.backendUrl).ask("GET", "/runs/run/info")).body)
  await until("the run", shown, (text) => text.includes(word))
  socket.close()
  await server.stop()
  return server.folder
}

const served = (folder: string) => runCli(folder, ["serve"], { MATYAN_BACKEND_PORT: "0", MATYAN_FRONTIER_PORT: "0" })

const cutByPage = (file: string): void => truncateSync(file, statSync(file).size - page)
const cutInHalf = (file: string): void => truncateSync(file, Math.floor(statSync(file).size / page / 2) * page)
const emptied = (file: string): void => truncateSync(file)
const removed = (file: string): void => rmSync(file)
const withWildRoot = (file: string): void => {
  const bytes = readFileSync(file)
  for (const at of [0, page]) bytes.writeBigUInt64LE(2n ** 40n, at + 136)
  writeFileSync(file, bytes)
}

describe("the log's file", () => {
  it.each([
    ["lacks its last page", cutByPage, "is damaged: it is cut short at"],
    ["lacks half of it", cutInHalf, "is damaged: it is cut short at"],
    ["begins with what cannot be", withWildRoot, "is damaged: it does not begin as a database does"],
    ["is empty", emptied, "folded from a longer log"],
    ["is gone", removed, "folded from a longer log"],
  ])("that %s keeps the server from starting, in words", async (_, damage, words) => {
    const folder = await filled()
    damage(join(folder, "log", "log.mdb"))
    const { code, stdout, stderr } = await served(folder)
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toContain(words)
    expect(await runCli(folder, ["doctor"])).toMatchObject({ code: 1, stdout: expect.stringContaining("BROKEN") })
  })

  it("Law 1: in which a bit has changed is told by verify, and what can be read of it still stands", async () => {
    const folder = await filled()
    const file = join(folder, "log", "log.mdb")
    const bytes = readFileSync(file)
    for (let at = bytes.indexOf(word); at >= 0; at = bytes.indexOf(word, at + 1)) bytes[at]! ^= 1
    writeFileSync(file, bytes)
    const verified = await runCli(folder, ["verify", "--quiet"])
    expect(verified.code).toBe(1)
    expect(verified.stderr).toMatch(/the log cannot be read at data-ingestion\/\d\/\d+: the record is damaged/)
    expect(verified.stdout).toContain("different")
    expect((await runCli(folder, ["rebuild", "--quiet"])).code).toBe(0)
    expect((await runCli(folder, ["dead-letters", "list"])).stdout).toContain("the record is damaged")
    expect((await runCli(folder, ["verify", "--quiet"])).stdout).toMatch(/^equal/)
  })
})

it("a registry's file that is cut short keeps the server from starting, in words", async () => {
  const folder = await filled()
  cutInHalf(join(folder, "registry", "registry.mdb"))
  const { code, stderr } = await served(folder)
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("registry.mdb is damaged") })
})

describe("the store's file", () => {
  it.each([
    ["has lost all but a few pages", (file: string) => truncateSync(file, 5 * page)],
    ["begins with what cannot be", withWildRoot],
  ])("that %s is named, and made anew once it is away", async (_, damage) => {
    const folder = await filled()
    damage(join(folder, "store", "store.mdb"))
    const { code, stderr } = await served(folder)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("store.mdb is damaged") })
    rmSync(join(folder, "store"), { recursive: true })
    await expectServing(folder)
  })

  it.each([
    ["is empty", emptied],
    ["is gone", removed],
  ])("that %s is made anew by the start", async (_, damage) => {
    const folder = await filled()
    damage(join(folder, "store", "store.mdb"))
    await expectServing(folder)
  })
})

const expectServing = async (folder: string): Promise<void> => {
  const server = await startServer(folder)
  const shown = async () => JSON.stringify((await restOf(server.backendUrl).ask("GET", "/runs/run/info")).body)
  await until("the run", shown, (text) => text.includes(word))
  expect(await server.verify()).toMatch(/^equal/)
  await server.stop()
}
