/** The SDK against the real server: what is logged is there, once and in order, whatever becomes of the server meanwhile. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { init } from "../../sdk/node.ts"
import { connect } from "../../sdk/read.ts"
import type { InitOptions } from "../../sdk/options.ts"
import { freshFolder } from "../support/folders.ts"
import { at, doubles, type Rest, restOf } from "../support/rest.ts"
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
  it("shows all that it logged to a read that is given the position of its end", async () => {
    const { runs } = connect(server.backendUrl)
    const ended = async (number: number) => {
      const run = await init({ ...options(freshFolder()), experiment: `e ${number}`, config: { number }, tags: ["t"] })
      for (const step of upTo(100)) run.log({ loss: step }, { step })
      const { position } = await run.finish()
      return runs.get(run.id, { position })
    }
    for (let i = 0; i < 4; i++)
      for (const info of await Promise.all(upTo(8).map((j) => ended(8 * i + j)))) {
        expect(info.props).toMatchObject({
          active: false,
          tags: [{ name: "t" }],
          experiment: { name: expect.stringMatching(/^e /) },
        })
        expect(info.traces["metric"]).toMatchObject([{ name: "loss" }])
      }
  })

  it("is on the server as it was logged", async () => {
    const place = freshFolder()
    const run = await init({
      ...options(place),
      experiment: "spirals",
      name: "first",
      description: "by the SDK",
      config: { lr: 0.1, layers: [8, 8], nan: NaN },
      tags: ["keep", "drop"],
    })
    run.untag("drop")
    run.set("seed.of.data", 7)
    run.set({ "with.dot": "é" })
    for (const step of upTo(100)) run.log({ loss: 1 / (step + 1) }, { step })
    for (const step of upTo(9)) run.log({ odd: step === 7 ? NaN : -Infinity }, { step, epoch: 2 })
    run.log({ loss: 5 }, { step: 3, context: { subset: "val" } })
    for (const i of upTo(3)) run.info("same", { i })
    run.error("failed")
    run.text("says", "hello", { step: 4 })
    const status = await run.finish()
    expect(status).toEqual({
      state: "finished",
      isConnected: false,
      logged: 124,
      dropped: 0,
      unsent: { frames: 0, blobs: 0, bytes: 0 },
      position: expect.stringMatching(/^data-ingestion\/\d\/\d+/),
      problems: [],
    })
    const info = await finished(rest, run.id)
    expect(at(info, "params")).toMatchObject({ hparams: { lr: 0.1, layers: [8, 8] }, seed: { of: { data: 7 } }, "with.dot": "é" })
    expect(at(info, "props")).toMatchObject({ name: "first", description: "by the SDK", experiment: { name: "spirals" }, tags: [{ name: "keep" }] }) // prettier-ignore
    expect(await lineOf(rest, run.id, "loss")).toMatchObject({
      iters: upTo(100),
      values: upTo(100).map((step) => 1 / (step + 1)),
    })
    expect(await lineOf(rest, run.id, "loss", { subset: "val" })).toMatchObject({ iters: [3], values: [5] })
    const odd = await rest.tree(
      `/runs/search/metric/?q=${encodeURIComponent(`run.hash == "${run.id}" and metric.name == "odd"`)}`,
    )
    const trace = at(odd, run.id, "traces", 0)
    expect(doubles(at(trace, "values")).slice(6)).toEqual([-Infinity, NaN, -Infinity])
    expect(new Set(doubles(at(trace, "epochs")))).toEqual(new Set([2]))
    const records = await rest.tree(`/runs/${run.id}/log-records/`)
    expect(records).toMatchObject({
      log_records_count: 4,
      0: { args: { i: 0 } },
      2: { args: { i: 2 } },
      3: { log_level: "ERROR" },
    })
    expect(readdirSync(place)).toEqual([])
  })

  it("counts steps on when it is resumed, and where several log into one", async () => {
    const place = freshFolder()
    const first = await init(options(place))
    for (const i of upTo(10)) first.log({ loss: i })
    await first.finish()
    const again = await init({ ...options(place), resume: first.id })
    const rank = await init({ ...options(place), resume: first.id, join: true })
    for (const i of upTo(5)) {
      again.log({ loss: 10 + i })
      expect(await again.flush()).toBe(true)
      rank.log({ loss: 100 + i })
      expect(await rank.flush()).toBe(true)
    }
    expect((await rank.finish()).state).toBe("finished")
    await until("the points", () => lineOf(rest, first.id, "loss"), (line) => line?.iters.length === 20) // prettier-ignore
    expect(at(await rest.get(`/runs/${first.id}/info/`), "props", "active")).toBe(true)
    await again.finish()
    await finished(rest, first.id)
    const both = upTo(5).flatMap((i) => [10 + i, 100 + i])
    expect(await lineOf(rest, first.id, "loss")).toMatchObject({ iters: upTo(20), values: [...upTo(10), ...both] })
  })

  it("keeps many series apart, and two runs at once", async () => {
    const place = freshFolder()
    const runs = [await init(options(place)), await init(options(place))] as const
    for (const step of upTo(20))
      for (const [which, run] of runs.entries())
        run.log(Object.fromEntries(upTo(50).map((i) => [`m${i}`, i * 1000 + step + which / 2])), { step })
    for (const run of runs) expect((await run.finish()).state).toBe("finished")
    for (const [which, run] of runs.entries()) {
      await finished(rest, run.id)
      for (const i of [0, 17, 49])
        expect(await lineOf(rest, run.id, `m${i}`)).toMatchObject({ iters: upTo(20), values: upTo(20).map((step) => i * 1000 + step + which / 2) }) // prettier-ignore
    }
  })

  it("is checked and nothing more in a dry run", async () => {
    const place = freshFolder()
    const run = await init({ ...options(place), mode: "dry", config: { lr: 1 } })
    run.log({ loss: 1 })
    run.log({ loss: "much" as unknown as number })
    const ended = await run.finish()
    expect(ended).toMatchObject({
      state: "finished",
      logged: 4,
      dropped: 1,
      problems: [expect.stringContaining("loss is no number")],
    })
    expect(readdirSync(place)).toEqual([])
    expect((await rest.ask("GET", `/runs/${run.id}/info/`)).status).toBe(404)
  })

  it("names what the server refused, and keeps the rest", async () => {
    const run = await init(options(freshFolder()))
    run.log({ logs: 1, loss: 2 })
    const ended = await run.finish()
    expect(ended).toMatchObject({ state: "finished", problems: [expect.stringContaining("the server refused what was logged")] })
    await finished(rest, run.id)
    expect(await lineOf(rest, run.id, "loss")).toMatchObject({ values: [2] })
  })

  it("answers the same to a second finish, and says that what is logged afterwards is dropped", async () => {
    const run = await init(options(freshFolder()))
    const [first, second] = await Promise.all([run.finish(), run.finish()])
    expect(second).toBe(first)
    run.log({ loss: 1 })
    run.info("late")
    expect(run.status()).toMatchObject({ state: "finished", dropped: 2, problems: [expect.any(String), expect.any(String)] })
  })

  it.each([
    [{ url: "localhost" }, "no address of a server"],
    [{ id: "a/b" }, "no id of a run"],
    [{ resume: ".." }, "no id of a run"],
    [{ join: true }, "join needs the id"],
    [{ mode: "on" as "online" }, "no mode"],
  ])("does not begin with the mistake %j", async (mistake, problem) => {
    await expect(init({ ...options(freshFolder()), ...mistake })).rejects.toThrow(problem)
  })
})
