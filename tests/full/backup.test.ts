/** Backups against the stock client, on a full disk, and killed on the way. */
import { execFile } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterEach, describe, expect, it } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { clientEnvironment, python } from "../support/python.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, runCli, type Server, startServer } from "../support/server.ts"
import { smallFolder } from "../support/small-folder.ts"
import { until } from "../support/wait.ts"

const run = promisify(execFile)

const cli = fileURLToPath(new URL("../../infra/cli.ts", import.meta.url))

afterEach(endAll)

const logged = async (server: Server, id: string, points: number): Promise<void> => {
  const socket = await openSocket(server.frontierUrl, id)
  const properties = { type: "set_run_property", name: `named ${id}`, experiment: "base" }
  const hparams = { type: "log_hparams", value: { hparams: { lr: 0.1, layers: [1, 2] } } }
  const line = { type: "log_terminal_line", line: "a line", step: 0 }
  expect(await socket.send([createRun(), properties, hparams, line])).toMatchObject({ status: "ok" })
  for (let from = 0; from < points; from += 1_000) {
    const some = Array.from({ length: Math.min(1_000, points - from) }, (_, i) => metric("loss", from + i, (from + i) / 8))
    expect(await socket.send(some)).toMatchObject({ status: "ok" })
  }
  expect(await socket.send({ type: "finish_run" })).toMatchObject({ status: "ok" })
  socket.close()
  const info = async () => (await restOf(server.backendUrl).ask("GET", `/runs/${id}/info`)).body
  // It ends behind its points.
  await until("the run's end", info, (body) => at(body, "props", "active") === false)
}

/** What of a run is to come through any backup. */
const told = async (server: Server, id: string) => {
  const rest = restOf(server.backendUrl)
  const { body } = await rest.ask("GET", `/runs/${id}/info`)
  const wanted = [{ name: "loss", context: {} }]
  const series = await rest.ask("POST", `/runs/${id}/metric/get-batch?record_density=50000`, wanted)
  return {
    name: at(body, "props", "name"),
    experiment: at(body, "props", "experiment", "name"),
    params: at(body, "params", "hparams"),
    values: numbers(at(series.body, 0, "values")),
  }
}

const numbers = (json: Json | undefined): readonly unknown[] => (Array.isArray(json) ? json : [])

describe("the stock client", () => {
  const client = async (server: Server, args: readonly string[]): Promise<string> => {
    const program = join(await python(), "..", "matyan-client")
    const { stdout, stderr } = await run(program, [...args], {
      env: clientEnvironment(server, freshFolder()),
      maxBuffer: 2 ** 28,
    })
    return stdout + stderr
  }

  it("its backup of our server is restored here, and by its own restore-reingest", async () => {
    const [out, server] = [freshFolder(), await startServer(freshFolder())]
    await logged(server, "0123456789abcdef", 300)
    const expected = await told(server, "0123456789abcdef")
    expect(await client(server, ["backup", out])).toContain("Backup complete: 1 run(s)")
    await server.stop()
    const path = join(out, readdirSync(out)[0]!)

    const restored = freshFolder()
    expect(await runCli(restored, ["restore", path, "--quiet"])).toMatchObject({ code: 0 })
    const ours = await startServer(restored)
    expect(await told(ours, "0123456789abcdef")).toEqual(expected)
    await ours.stop()

    const theirs = await startServer(freshFolder())
    expect(await client(theirs, ["restore-reingest", path])).toContain("Restored: 1 run(s)")
    await until(
      "the samples",
      async () => (await told(theirs, "0123456789abcdef")).values.length,
      (length) => length === 300,
    )
    expect(await told(theirs, "0123456789abcdef")).toEqual(expected)
  })

  it("restore-reingest reads our backup", async () => {
    const [folder, out] = [freshFolder(), freshFolder()]
    const server = await startServer(folder)
    await logged(server, "0123456789abcdef", 300)
    const expected = await told(server, "0123456789abcdef")
    const path = (await runCli(folder, ["backup", out, "--quiet", "--compress"])).stdout.trim()
    await server.stop()
    const other = await startServer(freshFolder())
    expect(await client(other, ["restore-reingest", path])).toContain("Restored: 1 run(s)")
    await until(
      "the samples",
      async () => (await told(other, "0123456789abcdef")).values.length,
      (length) => length === 300,
    )
    expect(await told(other, "0123456789abcdef")).toEqual(expected)
  })
})

it.each([["--log"], ["--no-blobs"]])("a full disk is said in plain words, and nothing half-named is left (%s)", async (kind) => {
  const folder = freshFolder()
  const server = await startServer(folder)
  await logged(server, "run", 20_000)
  const small = smallFolder(join(freshFolder(), "small"), 1)
  small.fill()
  const { code, stderr } = await runCli(folder, ["backup", join(small.path, "out"), kind, "--quiet"])
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "matyan: there is no room left to write the backup; what was written of it is removed\n",
  })
  small.empty()
  expect(readdirSync(join(small.path, "out"))).toEqual([])
  await server.stop()
})

it("a backup that is killed anywhere is no backup, and the next one is whole", async () => {
  const [folder, out] = [freshFolder(), freshFolder()]
  const server = await startServer(folder)
  await logged(server, "run", 50_000)
  for (let tried = 0; tried < 3; tried++) {
    const child = execFile(process.execPath, [cli, "backup", out], { env: { ...process.env, MATYAN_DATA_DIR: folder } })
    const over = new Promise((resolve) => child.once("exit", resolve))
    await until(
      "a backup under way",
      () => Promise.resolve(readdirSync(out)),
      (names) => names.some((name) => name.endsWith(".partial")) || child.exitCode !== null,
    )
    child.kill("SIGKILL")
    await over
  }
  expect((await runCli(folder, ["backup", out, "--quiet"])).code).toBe(0)
  for (const name of readdirSync(out).filter((one) => !one.startsWith(".")))
    expect(await runCli(freshFolder(), ["restore", join(out, name), "--quiet", "--dry-run"])).toMatchObject({ code: 0 })
  await server.stop()
})

it("goes on from a backup", async () => {
  const [folder, out] = [freshFolder(), freshFolder()]
  const server = await startServer(folder)
  await logged(server, "one", 10)
  const first = (await runCli(folder, ["backup", out, "--log", "--quiet"])).stdout.trim()
  await logged(server, "two", 10)
  const increment = (await runCli(folder, ["backup", out, "--log", "--quiet", "--since-backup", first])).stdout.trim()
  const hash = await server.dumpHash()
  await server.stop()
  const to = { MATYAN_DATA_DIR: join(freshFolder(), "data") }
  expect(await runCli(freshFolder(), ["restore", increment, "--quiet"], to)).toMatchObject({ code: 0 })
  expect((await runCli(freshFolder(), ["dump", "--hash"], to)).stdout.trim()).toBe(hash)
})
