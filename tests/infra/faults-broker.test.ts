import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest"
import { type Cluster, type Engines, startCluster, startEngines } from "../support/cluster.ts"
import { seeded } from "../support/hammer.ts"
import { Load } from "../support/load.ts"
import { endAll } from "../support/server.ts"

/** How long the broker is away; MATYAN_OUTAGE_SECONDS=30 before a release. */
const outageSeconds = Number(process.env["MATYAN_OUTAGE_SECONDS"] ?? 8)
const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)
const random = seeded(seed)

/** Else the clients would have the machine to themselves, and all that is killed would take long to come back. */
const restMs = 80

let engines: Engines
let cluster: Cluster
let load: Load
beforeAll(async () => {
  process.stdout.write(`MATYAN_SEED=${seed}\n`)
  engines = await startEngines()
  cluster = await startCluster(engines.folder, engines, { projectors: 2 })
})
afterAll(async () => {
  await endAll()
  await engines.dispose()
})

let loads = 0
beforeEach(() => {
  load = new Load(random, `${++loads}`, restMs)
  onTestFinished(() => load.finish(cluster))
})

const laws = "what was acknowledged is there, once, and equals the log"

const expectLaws = async (): Promise<void> => {
  await load.finish(cluster)
  await load.expectAll(cluster)
  expect(await cluster.verify()).toMatch(/^equal: \d+ rows/)
}

const seconds = (some: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, some * 1_000))

test(`Law 9, Law 3, Law 1: the broker is killed under load and comes back, and ${laws}`, async () => {
  const connections = load.connect(cluster)
  for (let kill = 0; kill < 2; kill++) {
    await load.reached(100 + Math.floor(random() * 100), connections)
    await engines.kafka.kill()
    await engines.kafka.restart()
  }
  await load.reached(100, connections)
  await expectLaws()
})

test(`Law 9: the broker is away for ${outageSeconds} s, and clients wait without an error or a lost socket`, async () => {
  const connections = load.connect(cluster)
  await load.reached(100, connections, false)
  await engines.kafka.kill()
  const before = load.acknowledged
  await seconds(outageSeconds)
  await engines.kafka.restart()
  await load.reached(100, connections, false)
  expect(load.acknowledged).toBeGreaterThan(before)
  expect(load.losses).toBe(0)
  await expectLaws()
})

test(`Law 9, Law 2, Law 1: connections to the broker are cut at random, answers late or swallowed, and ${laws}`, async () => {
  const connections = load.connect(cluster)
  const { brokerProxy } = engines
  onTestFinished(() => brokerProxy.restore())
  for (let fault = 0; fault < 6; fault++) {
    await load.reached(Math.floor(random() * 60), connections)
    const kind = fault % 3
    if (kind === 0) brokerProxy.delay(300)
    if (kind === 1) brokerProxy.deafen()
    await seconds(random())
    brokerProxy.restore()
  }
  await load.reached(100, connections)
  await expectLaws()
})
