/** `matyan sync`, as the server's program and as the package's own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { isDeepStrictEqual } from "node:util"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { init } from "../../sdk/node.ts"
import { nodePlatform } from "../../sdk/node/platform.ts"
import { waitingAt } from "../../sdk/node/spool.ts"
import { freshFolder } from "../support/folders.ts"
import { restOf } from "../support/rest.ts"
import { lineOf } from "../support/sdk-loggers.ts"
import { endAll, type Finished, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

let folder: string
let server: Server
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "matyan-"))
  server = await startServer(folder)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const nowhere = "http://127.0.0.1:9"
const programs = { server: "../../infra/cli.ts", package: "../../sdk/cli.ts" } as const

const runSync = async (program: keyof typeof programs, place: string, ...args: readonly string[]): Promise<Finished> => {
  const path = new URL(programs[program], import.meta.url).pathname
  const child = spawn(process.execPath, [path, "sync", "--place", place, ...args], { cwd: freshFolder() })
  onTestFinished(() => void child.kill("SIGKILL"))
  const said = Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await once(child, "close")) as [number | null]
  const [stdout, stderr] = await said
  return { code, stdout, stderr }
}

/** Logs so many points and a picture without a server, and lets go of them. */
const leave = async (place: string, id: string, count: number, url = nowhere): Promise<void> => {
  const run = await init({ url, id, spool: { place }, mode: "offline", quiet: true })
  for (let step = 0; step < count; step++) run.log({ loss: step })
  await run.artifact(new TextEncoder().encode(`weights of ${id}`), { path: "weights.txt" })
  expect((await run.finish()).state).toBe("left-in-spool")
}

const expectArrived = async (run: string, count: number): Promise<void> => {
  const rest = restOf(server.backendUrl)
  const expected = Array.from({ length: count }, (_, i) => i)
  const line = async (): Promise<unknown> => {
    const { steps, values } = await lineOf(rest, run, "loss")
    return { steps, values }
  }
  // Before it is folded the run is not there, and then the sequence may not be.
  await until("the points", line, (line) => isDeepStrictEqual(line, { steps: expected, values: expected }))
  const weights = (): Promise<string> =>
    rest.bytes(`/runs/${run}/artifacts/download/?path=weights.txt`).then((bytes) => Buffer.from(bytes).toString(), String)
  await until("the artifact", weights, (text) => text === `weights of ${run}`)
}

describe("matyan sync", () => {
  it.each(["server", "package"] as const)(
    "sends what waits to where it is told, once, as the program of the %s",
    async (program) => {
      const place = freshFolder()
      await leave(place, `first-${program}`, 500)
      await leave(place, `second-${program}`, 3)

      const dry = await runSync(program, place, "--dry-run")
      expect(dry).toMatchObject({ code: 1, stderr: "" })
      expect(dry.stdout).toMatch(/^2 waiting in .*\n  first-\w+  for \S+:9  since \S+Z  \d+ KiB\n  second-.*\n$/)

      const sent = await runSync(program, place, "--url", `${server.frontierUrl}/`)
      expect(sent).toMatchObject({ code: 0 })
      expect(sent.stdout).toMatch(/first-\w+: sent \d+ KiB to http.*\nsecond-\w+: sent /)
      expect(waitingAt(place)).toEqual([])
      await expectArrived(`first-${program}`, 500)
      await expectArrived(`second-${program}`, 3)

      expect(await runSync(program, place)).toEqual({ code: 0, stdout: `nothing waits in ${place}\n`, stderr: "" })
    },
  )

  it("leaves everything where no server answers, and says so", async () => {
    const place = freshFolder()
    await leave(place, "run", 3)
    const { code, stdout } = await runSync("package", place, "--patience", "0.2")
    expect(code).toBe(1)
    expect(stdout).toMatch(/run: \d+ KiB are left: http:\/\/127\.0\.0\.1:9\n/)
    expect(waitingAt(place)).toHaveLength(1)
  })

  it("leaves to a process that runs what is its own", async () => {
    const place = freshFolder()
    const run = await init({ url: nowhere, id: "live", spool: { place }, mode: "offline", quiet: true })
    run.log({ loss: 1 })
    await run.flush()
    const { code, stdout } = await runSync("package", place)
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/live .* held by a process that runs/) })
    await run.finish()
  })

  it("leaves alone what another machine holds, unless told that it logs no more", async () => {
    const place = freshFolder()
    await leave(place, "elsewhere", 3, server.frontierUrl)
    const { writer } = waitingAt(place)[0]!
    const owner = { pid: process.pid, host: "a machine of others", started: null }
    writeFileSync(join(place, writer, "owner.json"), JSON.stringify(owner))

    expect(await nodePlatform.leftovers({ place, mostBytes: 2 ** 30 })).toEqual([])
    expect((await runSync("package", place)).code).toBe(1)
    expect((await runSync("package", place, "--all-hosts")).code).toBe(0)
    await expectArrived("elsewhere", 3)
  })

  it.each([
    [["--url", "matyan.example"], "no address of a server: matyan.example"],
    [["--patience", "soon"], "--patience must be a number"],
    [["--everything"], "Unknown option '--everything'"],
  ])("refuses %j", async (args, words) => {
    const { code, stderr } = await runSync("package", freshFolder(), ...args)
    expect(code).toBe(2)
    expect(stderr).toContain(words)
  })
})
