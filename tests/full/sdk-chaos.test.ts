/** Processes that log with the SDK while they, the server and the network die at random moments. */
import { afterEach, expect, it, onTestFinished } from "vitest"
import { init } from "../../sdk/node.ts"
import { freshFolder } from "../support/folders.ts"
import { type FlakyProxy, startFlakyProxy } from "../support/flaky-proxy.ts"
import { seeded } from "../support/hammer.ts"
import { at, restOf } from "../support/rest.ts"
import { baseOf, expectLogged, lineOf, type Logger, startLogger } from "../support/sdk-loggers.ts"
import { endAll, type ServerProcess, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const faults = Number(process.env["MATYAN_KILLS"] ?? 15)
const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)
const run = "f".repeat(32)

/** A server that comes back at its ports, loggers that follow one another, and the network between them. */
class Stage {
  readonly random = seeded(seed)
  readonly place = freshFolder()
  readonly loggers: Logger[] = []
  server: ServerProcess
  readonly proxy: FlakyProxy

  constructor(server: ServerProcess, proxy: FlakyProxy) {
    this.server = server
    this.proxy = proxy
  }

  get last(): Logger {
    return this.loggers.at(-1)!
  }

  async begin(join = false): Promise<Logger> {
    const base = baseOf(this.loggers.length)
    const logger = await startLogger({ url: `http://127.0.0.1:${this.proxy.port}`, place: this.place, run, base, join })
    this.loggers.push(logger)
    return logger
  }

  /** Waits until a logger has come so much further. */
  async further(points: number, logger = this.last): Promise<void> {
    const from = logger.spooled()
    await until("more points", logger.spooled, (spooled) => spooled >= from + this.random() * points)
  }
}

const setUp = async (): Promise<Stage> => {
  process.stdout.write(`MATYAN_SEED=${seed}\n`)
  const server = await startServer(freshFolder())
  const port = Number(new URL(server.frontierUrl).port)
  const proxy = await startFlakyProxy(() => ({ host: "127.0.0.1", port }))
  onTestFinished(() => proxy.stop())
  return new Stage(server, proxy)
}

/** What happens to them; each in its turn. */
const deeds: Readonly<Record<string, (stage: Stage) => Promise<unknown>>> = {
  "the server is killed": async (stage) => {
    await stage.server.kill()
    await stage.further(500)
    stage.server = await stage.server.restart()
  },
  "the logger is killed": async (stage) => {
    await stage.last.kill()
    await stage.begin()
  },
  "the network breaks within a frame": async (stage) => {
    stage.proxy.cutAfter(1 + Math.floor(stage.random() * 20_000))
    await stage.further(2_000)
  },
  "answers are lost": async (stage) => {
    stage.proxy.deafen()
    await stage.further(2_000)
    stage.proxy.cutAfter(0)
  },
  "all is late": async (stage) => {
    stage.proxy.delay(Math.floor(stage.random() * 80))
    stage.proxy.cutAfter(0)
    await stage.further(2_000)
    stage.proxy.delay(0)
  },
  "frames are said again": (stage) => stage.proxy.replay(stage.random),
  "both are killed, and the server comes back last": async (stage) => {
    await Promise.all([stage.server.kill(), stage.last.kill()])
    await stage.begin()
    await stage.further(1_000)
    stage.server = await stage.server.restart()
  },
}

const everything = "every point is there once, in order"

it(`Law 2, Law 9: whatever is killed or breaks at whatever moment, ${everything}`, async () => {
  const stage = await setUp()
  await stage.begin()
  let order: string[] = []
  for (let fault = 0; fault < faults; fault++) {
    if (order.length === 0) order = Object.keys(deeds).sort(() => stage.random() - 0.5)
    const name = order.pop()!
    await stage.further(3_000)
    await deeds[name]!(stage)
  }
  const { state, count, ...rest } = await stage.last.finish()
  expect({ state, ...rest }).toMatchObject({ state: "finished", dropped: 0 })
  expect(count).toBeGreaterThanOrEqual(stage.last.spooled())
  const api = restOf(stage.server.backendUrl)
  await until("the end of the run", () => api.ask("GET", `/runs/${run}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
  const seen = await expectLogged(api, run, stage.loggers, false)
  process.stdout.write(`${seen} points of ${stage.loggers.length} loggers over ${faults} faults\n`)
  expect(await stage.server.verify()).toMatch(/^equal: \d+ rows/)
})

it(`Law 2, Law 9: two processes log into one run at once, over faults of both and of the network, and ${everything}`, async () => {
  const stage = await setUp()
  await stage.begin()
  const beside = await stage.begin(true)
  await stage.further(1_000)
  stage.proxy.cutAfter(5_000)
  await stage.further(1_000, stage.loggers[0])
  await beside.kill()
  const third = await stage.begin(true)
  await stage.server.kill()
  await Promise.all([stage.further(1_000), stage.further(1_000, stage.loggers[0])])
  stage.server = await stage.server.restart()
  await stage.proxy.replay(stage.random)
  await stage.further(2_000)
  expect(await third.finish()).toMatchObject({ state: "finished", dropped: 0 })
  const api = restOf(stage.server.backendUrl)
  expect(at((await api.ask("GET", `/runs/${run}/info/`)).body, "props", "active")).toBe(true)
  expect(await stage.loggers[0]!.finish()).toMatchObject({ state: "finished", dropped: 0 })
  await until("the end of the run", () => api.ask("GET", `/runs/${run}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
  await expectLogged(api, run, stage.loggers, true)
  expect(await stage.server.verify()).toMatch(/^equal: \d+ rows/)
})

it("a day's spool of a million points is sent by the next start, each point once and at its time", async () => {
  const place = freshFolder()
  const server = await startServer(freshFolder())
  const options = { url: server.frontierUrl, spool: { place }, quiet: true, finishTimeout: 300_000 }
  const offline = await init({ ...options, mode: "offline" })
  const [begun, points] = [Date.UTC(2026, 0, 1), 1_000_000]
  const dayMillis = 86_400_000
  for (let i = 0; i < points; i++) offline.log({ loss: i }, { time: begun + Math.floor((i * dayMillis) / points) })
  expect(await offline.finish()).toMatchObject({ state: "left-in-spool", dropped: 0, logged: points + 2 })
  const next = await init({ ...options, resume: offline.id })
  next.log({ loss: points })
  expect(await next.finish()).toMatchObject({ state: "finished", problems: [], unsent: { bytes: 0, frames: 0 } })
  const api = restOf(server.backendUrl)
  const { steps, values } = await until("all points", () => lineOf(api, offline.id, "loss"), (line) => line.values.length > points, 120) // prettier-ignore
  expect(values.every((value, i) => value === i && steps[i] === i)).toBe(true)
  expect(values).toHaveLength(points + 1)
})
