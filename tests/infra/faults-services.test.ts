import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest"
import { type Cluster, type Engines, startCluster, startEngines } from "../support/cluster.ts"
import { freshFolder } from "../support/folders.ts"
import { seeded } from "../support/hammer.ts"
import { Load } from "../support/load.ts"
import { beginRole } from "../support/roles.ts"
import { endAll } from "../support/server.ts"
import { upload } from "../support/upload.ts"
import { until } from "../support/wait.ts"

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
  cluster = await startCluster(engines.folder, engines)
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

test(`the registry is away: all go on, a gateway and a projector begin with the ids they kept, and ${laws}`, async () => {
  let connections = load.connect(cluster)
  await load.reached(20, connections)
  await engines.registry.kill()
  onTestFinished(() => engines.registry.start())
  await load.reached(100, connections)
  await cluster.role("projector 1").kill()
  await cluster.again("projector 1")
  await cluster.role("ingest-gateway").kill()
  await connections
  await cluster.again("ingest-gateway")
  connections = load.connect(cluster)
  await load.reached(100, connections)
  await load.finish(cluster)
  await load.expectAll(cluster)
  await engines.registry.start()
  await expectLaws()
})

test(`the registry is away and no ids are kept: a gateway waits and tells why, serves when it is back, and ${laws}`, async () => {
  await engines.registry.kill()
  onTestFinished(() => engines.registry.start())
  const env = { ...cluster.env, MATYAN_DATA_DIR: freshFolder(), MATYAN_FRONTIER_PORT: "0" }
  const begun = beginRole("ingest-gateway", engines.folder, env)
  await until(
    "the alarm",
    () => begun.output().stderr,
    (text) => text.includes("the schema registry cannot be asked"),
  )
  expect(begun.output().stdout).toBe("")
  await engines.registry.start()
  const gateway = await begun.ready
  const other = { ...cluster, frontierUrl: gateway.url }
  const connections = load.connect(other)
  await load.reached(100, connections)
  await load.finish(other)
  await gateway.stop()
  await expectLaws()
})

test(`S3 is away: metrics go on, uploads fail and later work, and ${laws}`, async () => {
  const connections = load.connect(cluster)
  await engines.s3.kill()
  onTestFinished(() => engines.s3Proxy.restore())
  const path = "models/a.bin"
  await load.reached(100, connections)
  await expect(upload(cluster, run, path, "first")).rejects.toThrow("fetch failed")
  const { body, status } = await ready()
  expect({ status, checks: body.checks }).toMatchObject({ status: 200, checks: { kafka: "ok", blob: expect.not.stringMatching(/^ok$/) } }) // prettier-ignore
  await engines.s3.restart()
  await upload(cluster, run, path, "second")
  await load.reached(20, connections)
  await expectLaws()
  expect(await download(path)).toEqual({ status: 200, text: "second" })
  await engines.s3.kill()
  const { status: away } = await download(path)
  expect(away).toBe(503)
  await engines.s3.restart()
  expect(await download(path)).toEqual({ status: 200, text: "second" })
})

test(`S3 is slow: metrics and uploads go on, and ${laws}`, async () => {
  const connections = load.connect(cluster)
  engines.s3Proxy.delay(1_000)
  onTestFinished(() => engines.s3Proxy.restore())
  await Promise.all([upload(cluster, run, "slow.bin", "slow"), load.reached(100, connections)])
  await expectLaws()
  expect(await download("slow.bin")).toEqual({ status: 200, text: "slow" })
})

const run = "f".repeat(32)

const ready = async () => {
  const response = await fetch(`${cluster.frontierUrl}/health/ready/`)
  return { status: response.status, body: (await response.json()) as { readonly checks: Readonly<Record<string, string>> } }
}

const download = async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
  const ask = () => fetch(`${cluster.backendUrl}/api/v1/rest/runs/${run}/artifacts/download/?path=${encodeURIComponent(path)}`)
  const response = await until("the artifact to be folded", ask, ({ status }) => status !== 404)
  return { status: response.status, text: await response.text() }
}
