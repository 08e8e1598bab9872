/** The SDK against Kafka and two ingestion gateways, of which each connection reaches one or the other. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { freshFolder } from "../support/folders.ts"
import { startFlakyProxy } from "../support/flaky-proxy.ts"
import { type Cluster, type Engines, startCluster, startEngines } from "../support/cluster.ts"
import { seeded } from "../support/hammer.ts"
import { at, restOf } from "../support/rest.ts"
import { type Role, startRole } from "../support/roles.ts"
import { baseOf, expectLogged, type Logger, startLogger } from "../support/sdk-loggers.ts"
import { endAll } from "../support/server.ts"
import { until } from "../support/wait.ts"

const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)
const rounds = Number(process.env["MATYAN_KILLS"] ?? 15) / 5

let engines: Engines
let cluster: Cluster
let second: Role
beforeAll(async () => {
  process.stdout.write(`MATYAN_SEED=${seed}\n`)
  engines = await startEngines()
  cluster = await startCluster(engines.folder, engines)
  second = await startRole("ingest-gateway", engines.folder, { ...cluster.env, MATYAN_FRONTIER_PORT: "0" })
})
afterAll(async () => {
  await endAll()
  await engines.dispose()
})

test("Law 2, Law 9: loggers, gateways, the network and the broker fail in turn, and every point is there once, in order", async () => {
  const random = seeded(seed)
  const run = "e".repeat(32)
  const place = freshFolder()
  const ports = [cluster.role("ingest-gateway"), second].map(({ url }) => Number(new URL(url).port))
  const proxy = await startFlakyProxy(() => ({ host: "127.0.0.1", port: ports[random() < 0.5 ? 0 : 1]! }))
  onTestFinished(() => proxy.stop())
  const loggers: Logger[] = []
  const begin = async (): Promise<Logger> => {
    const task = { url: `http://127.0.0.1:${proxy.port}`, place, run, base: baseOf(loggers.length), join: false }
    const logger = await startLogger(task)
    loggers.push(logger)
    return logger
  }
  let logger = await begin()
  const further = async (points: number): Promise<unknown> => {
    const most = logger.spooled() + random() * points
    return until("more points", logger.spooled, (spooled) => spooled >= most)
  }
  for (let round = 0; round < rounds; round++) {
    await further(3_000)
    proxy.cutAfter(Math.floor(random() * 20_000))
    await further(1_000)
    // What was on its way through one gateway is sent through the other, and then both have it.
    engines.brokerProxy.cut()
    await further(1_000)
    proxy.cutAfter(0)
    await further(1_000)
    engines.brokerProxy.restore()
    await proxy.replay(random)
    await further(2_000)
    await second.kill()
    await further(1_000)
    second = await second.restart()
    await further(1_000)
    await logger.kill()
    logger = await begin()
  }
  expect(await logger.finish()).toMatchObject({ state: "finished", dropped: 0 })
  const api = restOf(cluster.backendUrl)
  await until("the end of the run", () => api.ask("GET", `/runs/${run}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
  const seen = await expectLogged(api, run, loggers, false)
  process.stdout.write(`${seen} points of ${loggers.length} loggers\n`)
  expect(await cluster.verify()).toMatch(/^equal: \d+ rows/)
})
