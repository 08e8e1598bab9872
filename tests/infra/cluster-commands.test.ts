/** What operators do beside a running system of several processes. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { partitionOf } from "../../domain/murmur2.ts"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { type Cluster, type Engines, startCluster, startEngines } from "../support/cluster.ts"
import { produce } from "../support/kafka-log.ts"
import { seeded } from "../support/hammer.ts"
import { Load } from "../support/load.ts"
import { at, restOf } from "../support/rest.ts"
import { endAll, type Finished, runCli, successful } from "../support/server.ts"
import { upload } from "../support/upload.ts"
import { until } from "../support/wait.ts"

let engines: Engines
let cluster: Cluster
beforeAll(async () => {
  engines = await startEngines()
  cluster = await startCluster(engines.folder, engines, { projectors: 2, env: { MATYAN_TRASH_HOURS: "0.0000001" } })
})
afterAll(async () => {
  await endAll()
  await engines.dispose()
})

const matyan = (...args: readonly string[]): Promise<Finished> => runCli(engines.folder, args, cluster.env)
const said = (...args: readonly string[]): Promise<string> => successful(engines.folder, args, cluster.env)

const run = "a".repeat(32)

test("a record that is none becomes a dead letter and a copy, its partition goes on, and it is retried and discarded", async () => {
  const socket = await openSocket(cluster.frontierUrl, run)
  await socket.send(createRun())
  const partition = partitionOf(Buffer.from(run), 3)
  const bytes = Buffer.from("no event")
  const offset = await produce([engines.env["KAFKA_BOOTSTRAP_SERVERS"] ?? ""], "data-ingestion", partition, run, bytes)
  const position = `data-ingestion/${partition}/${offset}`
  await socket.send(metric("behind it", 0, 1))
  socket.close()
  const behind = () =>
    restOf(cluster.backendUrl).ask("POST", `/runs/${run}/metric/get-batch/`, [{ name: "behind it", context: {} }])
  await until("what stands behind it", behind, ({ body }) => at(body, 0, "values", 0) === 1)
  expect(await said("dead-letters", "list")).toMatch(new RegExp(`^${position} .*pending`, "m"))
  expect((await matyan("verify", "--quiet")).stderr).toContain(`dead letter at ${position}`)
  const retried = await matyan("dead-letters", "retry", "--quiet")
  expect({ code: retried.code, said: retried.stdout.split("\n")[0] }).toEqual({
    code: 1,
    said: "0 of 1 dead letters are folded now",
  })
  expect(await said("dead-letters", "discard", position, "--url", cluster.backendUrl)).toBe(`${position} is discarded\n`)
  expect(await said("dead-letters", "list")).toBe("no dead letters are pending\n")
  expect(await cluster.verify()).toMatch(/^equal: \d+ rows/)
})

test("Law 1: projections are rebuilt beside processes that fold and clients that log", async () => {
  const load = new Load(seeded(1), "1", 250)
  onTestFinished(() => load.finish(cluster))
  const connections = load.connect(cluster)
  await load.reached(20, connections)
  expect(await said("rebuild", "--quiet")).toBe("the projections are rebuilt\n")
  await load.reached(20, connections)
  await load.finish(cluster)
  await load.expectAll(cluster)
  expect(await cluster.verify()).toMatch(/^equal: \d+ rows/)
  expect(await cluster.dumpHash()).toBe(await cluster.dumpHash())
})

test("a silent run is finished, a deleted one is purged, and the log tells of both", async () => {
  await upload(cluster, run, "model.bin", "bytes")
  await said("finish-stale", "--timeout-hours", "0")
  const { ask } = restOf(cluster.backendUrl)
  await until("its end", () => ask("GET", `/runs/${run}/info/`), ({ body }) => at(body, "props", "active") === false) // prettier-ignore
  expect((await ask("DELETE", `/runs/${run}/`)).status).toBe(200)
  // It looks into the trash when it begins.
  await cluster.role("control-worker").kill()
  await cluster.again("control-worker")
  const types = async () => (await said("events", "--run", run)).trim().split("\n").map((line) => (JSON.parse(line) as { readonly type: string }).type) // prettier-ignore
  const all = await until("its objects to be gone", types, (some) => some.includes("BlobsPurged"))
  expect(all).toEqual(expect.arrayContaining(["ArtifactLogged", "RunFinished", "RunDeleted", "RunPurged", "BlobsOrphaned"]))
  expect(await cluster.verify()).toMatch(/^equal: \d+ rows/)
})
