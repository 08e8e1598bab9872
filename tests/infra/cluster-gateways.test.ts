import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { createRun, openSocket } from "../support/client-frames.ts"
import { type Cluster, type Engines, startCluster, startEngines } from "../support/cluster.ts"
import { seeded } from "../support/hammer.ts"
import { Load } from "../support/load.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { type Role, startRole } from "../support/roles.ts"
import { endAll } from "../support/server.ts"
import { until } from "../support/wait.ts"

const seed = Number(process.env["MATYAN_SEED"] ?? Date.now() % 1_000_000)

let engines: Engines
let cluster: Cluster
/** Each door twice. */
let ingest: readonly [Role, Role]
let query: readonly [Role, Role]
beforeAll(async () => {
  process.stdout.write(`MATYAN_SEED=${seed}\n`)
  engines = await startEngines()
  cluster = await startCluster(engines.folder, engines)
  const more = (name: "ingest-gateway" | "query-gateway") =>
    startRole(name, engines.folder, { ...cluster.env, MATYAN_FRONTIER_PORT: "0" })
  const [secondIngest, secondQuery] = await Promise.all([more("ingest-gateway"), more("query-gateway")])
  ingest = [cluster.role("ingest-gateway"), secondIngest]
  query = [cluster.role("query-gateway"), secondQuery]
})
afterAll(async () => {
  await endAll()
  await engines.dispose()
})

const ask = (gateway: Role, method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${gateway.url}/api/v1/rest${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

test("what is created through one query gateway is seen through another by its position, though the projector lags", async () => {
  const hasty = await startRole("query-gateway", engines.folder, { ...cluster.env, MATYAN_WAIT_MS: "2000" })
  const { pid } = cluster.role("projector 1")
  for (const name of ["seen", "seen too"]) {
    process.kill(pid, "SIGSTOP")
    try {
      const created = await ask(hasty, "POST", "/experiments", { name })
      const [position, id] = [created.headers.get("x-matyan-position"), created.headers.get("x-matyan-id")]
      expect({ status: created.status, position }).toEqual({
        status: 202,
        position: expect.stringMatching(/^control-events\/0\/\d+$/),
      })
      const seen = ask(query[0], "GET", "/experiments", undefined, { "x-matyan-position": position ?? "" })
      process.kill(pid, "SIGCONT")
      expect(await (await seen).json()).toContainEqual(expect.objectContaining({ id, name }))
    } finally {
      process.kill(pid, "SIGCONT")
    }
  }
  await hasty.stop()
})

test("names that are spoken through all gateways at once are of one experiment each", async () => {
  const names = Array.from({ length: 12 }, (_, i) => `name ${i}`)
  const runs = ["d".repeat(32), "e".repeat(32)] as const
  const sockets = await Promise.all(runs.map((run, i) => openSocket((ingest[i] ?? ingest[0]).url, run)))
  for (const socket of sockets) await socket.send(createRun())
  const members = new Map<string, Json>()
  for (const name of names) {
    const [said, made] = await Promise.all([
      Promise.all(sockets.map((socket) => socket.send({ type: "set_run_property", experiment: name }))),
      Promise.all(query.map((gateway) => ask(gateway, "POST", "/experiments", { name }))),
    ])
    expect(said.map(({ status }) => status)).toEqual(["ok", "ok"])
    // One of two creations may be refused, for the name is taken.
    const statuses = made.map(({ status }) => status)
    expect(statuses).toContain(200)
    const ids = await Promise.all(made.filter(({ ok }) => ok).map(async (one) => at((await one.json()) as Json, "id")))
    expect(new Set(ids).size).toBe(1)
    members.set(name, ids[0] ?? null)
    for (const gateway of query) for (const run of runs) await until(`${name} of ${run}`, () => experimentOf(gateway, run), (found) => at(found, "name") === name && at(found, "id") === ids[0]) // prettier-ignore
  }
  for (const socket of sockets) socket.close()
  const all = (await restOf(query[1].url).get("/experiments")) as readonly Json[]
  const named = all.filter((one) => names.includes(String(at(one, "name"))))
  expect(new Map(named.map((one) => [String(at(one, "name")), at(one, "id")]))).toEqual(members)
  expect(named).toHaveLength(names.length)
  expect(await cluster.verify()).toMatch(/^equal: \d+ rows/)
})

test("Law 9, Law 2: clients of one run are at both ingestion gateways, one of which dies, and all is there, once", async () => {
  const load = new Load(seeded(seed), "1", 40)
  onTestFinished(() => load.finish(cluster))
  const [first, second] = ingest
  const connections = load.connect({ frontierUrl: first.url }, { frontierUrl: second.url })
  await load.reached(150, connections)
  await second.kill()
  await load.reached(50, connections)
  // Those who lost their gateway go to the other, and send again what was not answered.
  await load.finish(cluster)
  await load.expectAll(cluster)
  expect(load.losses).toBeGreaterThan(0)
  expect(await cluster.verify()).toMatch(/^equal: \d+ rows/)
})

const experimentOf = async (gateway: Role, run: string): Promise<Json | undefined> => {
  const { body } = await restOf(gateway.url).ask("GET", `/runs/${run}/info/`)
  return at(body, "props", "experiment")
}
