/** The SDK and a server that is away for a while. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { init } from "../../sdk/node.ts"
import type { InitOptions } from "../../sdk/options.ts"
import { freshFolder } from "../support/folders.ts"
import { type Rest, restOf } from "../support/rest.ts"
import { finished, lineOf, upTo } from "../support/sdk-read-back.ts"
import { endAll, type ServerProcess, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const folder = mkdtempSync(join(tmpdir(), "matyan-sdk-run-"))
let server: ServerProcess
let rest: Rest
beforeAll(async () => {
  server = await startServer(folder)
  rest = restOf(server.backendUrl)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const options = (place: string): InitOptions => ({ url: server.frontierUrl, spool: { place }, quiet: true })

describe("a run of the SDK", () => {
  it("goes on over a server that is killed and comes back in the midst", async () => {
    const run = await init(options(freshFolder()))
    for (const step of upTo(500)) run.log({ loss: step }, { step })
    await run.flush()
    for (const step of upTo(500)) run.log({ loss: 500 + step })
    await server.kill()
    for (const step of upTo(500)) run.log({ loss: 1000 + step })
    await until("the loss of the connection", () => run.status().isConnected, (isConnected) => !isConnected) // prettier-ignore
    expect(run.status().unsent.frames).toBeGreaterThan(0)
    server = await server.restart()
    for (const step of upTo(500)) run.log({ loss: 1500 + step })
    expect(await run.finish()).toMatchObject({ state: "finished", dropped: 0, problems: [] })
    await finished(rest, run.id)
    expect(await lineOf(rest, run.id, "loss")).toMatchObject({ iters: upTo(2000), values: upTo(2000) })
  })

  it("leaves in the spool what a server that is away does not take, and the next start sends it", async () => {
    const place = freshFolder()
    await server.kill()
    const run = await init({ ...options(place), finishTimeout: 50 })
    for (const step of upTo(1000)) run.log({ loss: step })
    const ended = await run.finish()
    expect(ended).toMatchObject({ state: "left-in-spool", dropped: 0 })
    expect(ended.unsent.bytes).toBeGreaterThan(1_000)
    const offline = await init({ ...options(place), mode: "offline" })
    offline.log({ loss: 1 })
    expect(await offline.finish()).toMatchObject({ state: "left-in-spool" })
    server = await server.restart()

    const resumed = await init({ ...options(place), resume: run.id })
    for (const step of upTo(10)) resumed.log({ loss: 1000 + step })
    expect(await resumed.finish()).toMatchObject({ state: "finished", problems: [] })
    await finished(rest, run.id)
    expect(await lineOf(rest, run.id, "loss")).toMatchObject({ iters: upTo(1010), values: upTo(1010) })
    await finished(rest, offline.id)
    expect(await lineOf(rest, offline.id, "loss")).toMatchObject({ iters: [0], values: [1] })
    expect(readdirSync(place)).toEqual([])
  })
})
