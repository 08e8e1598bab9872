import { expect, onTestFinished, test } from "vitest"
import { laws, loadedCluster } from "../support/loaded-cluster.ts"

/** How long the broker is away; MATYAN_OUTAGE_SECONDS=30 before a release. */
const outageSeconds = Number(process.env["MATYAN_OUTAGE_SECONDS"] ?? 8)

const system = loadedCluster({ projectors: 2 })

const seconds = (some: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, some * 1_000))

test(`Law 9, Law 3, Law 1: the broker is killed under load and comes back, and ${laws}`, async () => {
  const connections = system.load.connect(system.cluster)
  for (let kill = 0; kill < 2; kill++) {
    await system.load.reached(100 + Math.floor(system.random() * 100), connections)
    await system.engines.kafka.kill()
    await system.engines.kafka.restart()
  }
  await system.load.reached(100, connections)
  await system.expectLaws()
})

test(`Law 9: the broker is away for ${outageSeconds} s, and clients wait without an error or a lost socket`, async () => {
  const connections = system.load.connect(system.cluster)
  await system.load.reached(100, connections, false)
  await system.engines.kafka.kill()
  const before = system.load.acknowledged
  await seconds(outageSeconds)
  await system.engines.kafka.restart()
  await system.load.reached(100, connections, false)
  expect(system.load.acknowledged).toBeGreaterThan(before)
  expect(system.load.losses).toBe(0)
  await system.expectLaws()
})

test(`Law 9, Law 2, Law 1: connections to the broker are cut at random, answers late or swallowed, and ${laws}`, async () => {
  const connections = system.load.connect(system.cluster)
  const { brokerProxy } = system.engines
  onTestFinished(() => brokerProxy.restore())
  for (let fault = 0; fault < 6; fault++) {
    await system.load.reached(Math.floor(system.random() * 60), connections)
    const kind = fault % 3
    if (kind === 0) brokerProxy.delay(300)
    if (kind === 1) brokerProxy.deafen()
    await seconds(system.random())
    brokerProxy.restore()
  }
  await system.load.reached(100, connections)
  await system.expectLaws()
})
