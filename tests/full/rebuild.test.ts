/** The real rebuild as a process of its own, beside a server that goes on. */
import { once } from "node:events"
import { afterEach, expect, it } from "vitest"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { seeded } from "../support/hammer.ts"
import { at, restOf } from "../support/rest.ts"
import { endAll, ending, runCli, spawnCli, startServer, successful } from "../support/server.ts"
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
})

/** How often one of the commands dies; MATYAN_KILLS=100 before a release. */
const kills = Number(process.env["MATYAN_KILLS"] ?? 5)
/** For how long the lock of one that died holds up the next, in milliseconds. */
const lease = 5_000
const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)

it(
  "Law 1: rebuilds, rollbacks and folds of a part of the log, killed at any moment while a run logs and is read, leave what the log says",
  async () => {
    process.stdout.write(`kill ${kills} times, MATYAN_SEED=${seed}\n`)
    const random = seeded(seed)
    // Short, so that replaced projections also go while all this happens.
    const env = { MATYAN_KEEP_GENERATION_HOURS: "0.0005" }
    const server = await startServer(freshFolder(), env)
    const rest = restOf(server.backendUrl)
    const socket = await openSocket(server.frontierUrl, "run")
    await socket.send(createRun())
    for (let i = 0; i < 60; i++)
      await socket.send(Array.from({ length: 50 }, (_, j) => metric(`m${j % 5}`, i * 10 + Math.floor(j / 5), Math.sin(i * j))))
    const info = (asOf = "") => rest.get(`/runs/run/info${asOf}`)
    await until(
      "all that was sent",
      async () => (await rest.ask("GET", "/runs/run/info")).body,
      (body) => JSON.stringify(body).includes("m4"),
    )
    await successful(server.folder, ["verify", "--quiet"], env)
    const now = new Date().toISOString()
    const asked = (await successful(server.folder, ["rebuild", "--quiet", "--as-of", now], env)).match(/positions=(.+)/)?.[1]
    const then = await info(`?as_of=${now}`)

    const over = new AbortController()
    const troubles: string[] = []
    let step = 600
    const logging = (async () => {
      while (!over.signal.aborted) if ((await socket.send(metric("m0", step++, 1))).status !== "ok") troubles.push("a frame")
    })()
    const reading = (async () => {
      while (!over.signal.aborted) {
        const { status, body } = await rest.ask("GET", "/runs/run/info")
        if (status !== 200) troubles.push(`${status}: ${JSON.stringify(body)}`)
      }
    })()
    const renaming = (async () => {
      for (let i = 0; !over.signal.aborted; i++) {
        const { status, body } = await rest.ask("PUT", "/runs/run", { name: `name ${i}` })
        const position = (at(body, "positions") as readonly string[] | undefined)?.join(",")
        const seen = await rest.get(`/runs/run/info${status === 202 ? `?position=${position}` : ""}`)
        if ((status !== 200 && status !== 202) || at(seen, "props", "name") !== `name ${i}`) troubles.push(`name ${i}, ${status}`)
      }
    })()
    const asOf = ["rebuild", "--as-of", asked ?? ""]
    const commands = [["rebuild"], ["rebuild", "--keep"], ["generations", "rollback"], asOf]
    const before = performance.now()
    await successful(server.folder, ["rebuild", "--keep"], env)
    const wholeMillis = performance.now() - before
    for (let kill = 0; kill < kills; kill++) {
      const child = spawnCli(server.folder, [...commands[Math.floor(random() * commands.length)]!], env)
      const ended = ending(child)
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, random() * (lease + wholeMillis)))])
      child.kill("SIGKILL")
      await ended
    }
    for (const command of [asOf, ["rebuild", "--keep"], ["generations", "rollback"]])
      await successful(server.folder, command, env)
    over.abort()
    await Promise.all([logging, reading, renaming])
    expect(troubles).toEqual([])
    expect(await info(`?as_of=${asked}`)).toEqual(then)
    expect(await server.verify()).toMatch(/^equal/)
    const left = await successful(server.folder, ["generations", "list", "--json"], env)
    expect(left).not.toContain('"beside"')
    await server.stop()
  },
  120_000 + kills * 15_000,
)

it("generations are listed, gone back to and removed from the command line, and what cannot be is said in words", async () => {
  const server = await startServer(freshFolder())
  const socket = await openSocket(server.frontierUrl, "run")
  await socket.send([createRun(), metric("loss", 0, 0.5)])
  const command = (...args: readonly string[]) => runCli(server.folder, args)
  expect((await command("rebuild", "--quiet")).code).toBe(0)
  const asOf = await command("rebuild", "--as-of", "data-ingestion/0/-1")
  expect(asOf.stdout).toMatch(/^as_of=3\npositions=.*data-ingestion\/0\/-1/)
  expect((await command("generations", "rollback", "--quiet")).stdout).toBe("generation 1 serves\n")
  const list = (await command("generations", "list")).stdout
  expect(list).toMatch(
    /^id +state +fold +events +behind +since +remark\n1 +serving .*\n2 +former .* kept until .*\n3 +as-of .* as of data-/,
  )
  const refused = [
    ["generations", "rollback", "9"],
    ["generations", "rollback", "3"],
    ["generations", "remove", "1"],
    ["generations", "remove", "9"],
    ["rebuild", "--as-of", "tomorrow"],
    ["rebuild", "--as-of", "2099-01-01"],
    ["rebuild", "--as-of", "data-ingestion/0/999"],
  ]
  for (const args of refused) {
    const { code, stdout, stderr } = await command(...args)
    expect([args, code, stdout, stderr]).toEqual([args, 1, "", expect.stringMatching(/^matyan: [^\n]+\n$/)])
  }
  for (const args of [
    ["generations"],
    ["generations", "remove"],
    ["generations", "rollback", "x"],
    ["rebuild", "--keep", "--as-of", "1"],
  ])
    expect([args, (await command(...args)).code]).toEqual([args, 2])
  for (const id of ["2", "3"]) expect((await command("generations", "remove", id)).stdout).toBe(`generation ${id} is removed\n`)
  expect((await command("generations", "list", "--json")).stdout.split("\n")).toHaveLength(2)
  expect(await server.verify()).toMatch(/^equal/)
  await server.stop()
})
