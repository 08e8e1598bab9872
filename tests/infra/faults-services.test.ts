import { expect, onTestFinished, test } from "vitest"
import { freshFolder } from "../support/folders.ts"
import { laws, loadedCluster } from "../support/loaded-cluster.ts"
import { beginRole } from "../support/roles.ts"
import { upload } from "../support/upload.ts"
import { until } from "../support/wait.ts"

const system = loadedCluster()

test(`the registry is away: all go on, a gateway and a projector begin with the ids they kept, and ${laws}`, async () => {
  let connections = system.load.connect(system.cluster)
  await system.load.reached(20, connections)
  await system.engines.registry.kill()
  onTestFinished(() => system.engines.registry.start())
  await system.load.reached(100, connections)
  await system.cluster.role("projector 1").kill()
  await system.cluster.again("projector 1")
  await system.cluster.role("ingest-gateway").kill()
  await connections
  await system.cluster.again("ingest-gateway")
  connections = system.load.connect(system.cluster)
  await system.load.reached(100, connections)
  await system.load.finish(system.cluster)
  await system.load.expectAll(system.cluster)
  await system.engines.registry.start()
  await system.expectLaws()
})

test(`the registry is away and no ids are kept: a gateway waits and tells why, serves when it is back, and ${laws}`, async () => {
  await system.engines.registry.kill()
  onTestFinished(() => system.engines.registry.start())
  const env = { ...system.cluster.env, MATYAN_DATA_DIR: freshFolder(), MATYAN_FRONTIER_PORT: "0" }
  const begun = beginRole("ingest-gateway", system.engines.folder, env)
  await until(
    "the alarm",
    () => begun.output().stderr,
    (text) => text.includes("the schema registry cannot be asked"),
  )
  expect(begun.output().stdout).toBe("")
  await system.engines.registry.start()
  const gateway = await begun.ready
  const other = { ...system.cluster, frontierUrl: gateway.url }
  const connections = system.load.connect(other)
  await system.load.reached(100, connections)
  await system.load.finish(other)
  await gateway.stop()
  await system.expectLaws()
})

test(`S3 is away: metrics go on, uploads fail and later work, and ${laws}`, async () => {
  const connections = system.load.connect(system.cluster)
  await system.engines.s3.kill()
  onTestFinished(() => system.engines.s3Proxy.restore())
  const path = "models/a.bin"
  await system.load.reached(100, connections)
  await expect(upload(system.cluster, run, path, "first")).rejects.toThrow("fetch failed")
  const { body, status } = await ready()
  expect({ status, checks: body.checks }).toMatchObject({ status: 200, checks: { kafka: "ok", blob: expect.not.stringMatching(/^ok$/) } }) // prettier-ignore
  await system.engines.s3.restart()
  await upload(system.cluster, run, path, "second")
  await system.load.reached(20, connections)
  await system.expectLaws()
  expect(await download(path)).toEqual({ status: 200, text: "second" })
  await system.engines.s3.kill()
  const { status: away } = await download(path)
  expect(away).toBe(503)
  await system.engines.s3.restart()
  expect(await download(path)).toEqual({ status: 200, text: "second" })
})

test(`S3 is slow: metrics and uploads go on, and ${laws}`, async () => {
  const connections = system.load.connect(system.cluster)
  system.engines.s3Proxy.delay(1_000)
  onTestFinished(() => system.engines.s3Proxy.restore())
  await Promise.all([upload(system.cluster, run, "slow.bin", "slow"), system.load.reached(100, connections)])
  await system.expectLaws()
  expect(await download("slow.bin")).toEqual({ status: 200, text: "slow" })
})

const run = "f".repeat(32)

const ready = async () => {
  const response = await fetch(`${system.cluster.frontierUrl}/health/ready/`)
  return { status: response.status, body: (await response.json()) as { readonly checks: Readonly<Record<string, string>> } }
}

const download = async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
  const ask = () =>
    fetch(`${system.cluster.backendUrl}/api/v1/rest/runs/${run}/artifacts/download/?path=${encodeURIComponent(path)}`)
  const response = await until("the artifact to be folded", ask, ({ status }) => status !== 404)
  return { status: response.status, text: await response.text() }
}
