/** A store whose views do not last runs bodies again: every answer is the same, byte for byte. */
import Fastify, { type FastifyInstance, type InjectOptions } from "fastify"
import { expect, it, onTestFinished } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import type { AnyFact } from "../../events/index.ts"
import { openBlobUri } from "../../gateways/query/blob-uri.ts"
import { answerErrors } from "../../gateways/query/errors.ts"
import { readBodies } from "../../gateways/query/json-body.ts"
import { searchRoutes } from "../../gateways/query/search-routes.ts"
import { Rows } from "../../projections/rows.ts"
import { readingAgain, runAgain } from "../support/chaos.ts"
import { bed, recorded, stamped } from "../support/folding.ts"
import { goldenSecret, goldenStore, readGolden } from "../support/golden-store.ts"
import { decodeRecords } from "../support/stream-decoder.ts"

interface Vector {
  readonly name: string
  readonly method: NonNullable<InjectOptions["method"]>
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body?: object | null
}

/** After so many reads bodies fail, and at last run once for nothing: other numbers for every body. */
const triesOf = (n: number): readonly number[] => [n % 5, 3 + (n % 11), 10 + 7 * (n % 13), 100 + (n % 17), Infinity]

const bytesOf = async (server: FastifyInstance, { method, path, query, body }: Omit<Vector, "name">): Promise<string> => {
  const reply = await server.inject({ method, url: path, query, ...(body ? { payload: body } : {}) })
  const text = reply.rawPayload.toString("hex")
  // URIs are sealed anew for every answer.
  const isTree = reply.statusCode === 200 && text.includes(Buffer.from("blob_uri").toString("hex"))
  return `${reply.statusCode} ${isTree ? opened(reply.rawPayload) : text}`
}

const opened = (payload: Buffer): string =>
  decodeRecords(payload)
    .map(({ path, value }) => {
      const place = typeof value === "string" ? openBlobUri(value, goldenSecret) : undefined
      return `${path.join("/")} ${place === undefined ? String(value) : JSON.stringify(place)}`
    })
    .join("\n")

it("the recorded requests that read are answered alike, whether or not bodies run again", async () => {
  let [again, bodies] = [false, 0]
  const { server } = await goldenStore({ store: readingAgain(() => (again ? triesOf(bodies++) : [])) })
  const vectors = [...JSON.parse(readGolden("responses.json")), ...JSON.parse(readGolden("rest.json"))] as readonly Vector[]
  const reading = vectors.filter(({ method, path }) => method === "GET" || /search|get-/.test(path))
  expect(reading.length).toBeGreaterThan(40)
  for (const vector of reading) {
    again = false
    const once = await bytesOf(server, vector)
    again = true
    expect(await bytesOf(server, vector), vector.name).toBe(once)
  }
  expect(bodies).toBeGreaterThan(100)
})

const created = (runId: string): AnyFact => ({ type: "RunCreated", data: { runId, clientStart: 0 } })
const logged = (runId: string, name: string, count: number, first = 0): AnyFact => ({
  type: "PointsLogged",
  data: {
    runId,
    name,
    contextId: 0,
    context: encodeValue(new Map()),
    dtype: "float",
    values: Array.from({ length: count }, (_, i) => Math.sin(i)),
    steps: Array.from({ length: count }, (_, i) => first + i),
    epochs: Array.from({ length: count }, (_, i) => (first + i) >> 3),
    firstTime: 1e6,
    timeOffsets: Array.from({ length: count }, (_, i) => 1_000 * (first + i)),
  },
})

const search = (path: string, query: Readonly<Record<string, string>> = {}): Omit<Vector, "name"> => ({
  method: "GET",
  path: `/runs/${path}`,
  query,
})
const half = 'metric.name == "loss" and metric.last > 0'

/** Runs enough for several pages, and a series of more points than are read at once. */
const many = async () => {
  const made = await bed()
  onTestFinished(() => made.close())
  const runs = Array.from({ length: 60 }, (_, i) => `run-${i}`)
  const facts = [
    ...runs.flatMap((run, i) => [created(run), logged(run, "loss", 300 + 10 * i), logged(run, "rate", 20)]),
    ...Array.from({ length: 7 }, (_, i) => logged("run-7", "long", 10_000, i * 10_000)),
  ]
  const events = facts.map((fact, i) => stamped(fact, i))
  await made.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events))
  const serverWith = async (tries: () => readonly number[]): Promise<FastifyInstance> => {
    const server = Fastify()
    answerErrors(server)
    readBodies(server)
    const read = <A>(body: (rows: Rows) => Promise<A>): Promise<A> =>
      made.read(({ tx, generation }) => runAgain(tx, (again) => body(new Rows(again, generation)), tries()))
    await server.register(searchRoutes({ read, clock: () => 1_000, blobSecret: goldenSecret }))
    return server
  }
  return { serverWith }
}

const requests: Readonly<Record<string, Omit<Vector, "name">>> = {
  "all runs, newest first": search("search/run"),
  "all runs, oldest first": search("search/run", { sort: '[{"field":"date"}]' }),
  "runs by name": search("search/run", { sort: '[{"field":"run"}]', limit: "20" }),
  "a page behind another": search("search/run", { q: 'run.hash != ""', limit: "7", offset: "run-40" }),
  "a page by cursor": search("search/run", { q: 'run.hash != ""', limit: "7", cursor: "" }),
  "running ones": search("active"),
  metrics: search("search/metric", { q: 'metric.name == "loss"', p: "500" }),
  "metrics by their values": search("search/metric", { q: half }),
  "series in buckets of steps": search("series", { q: half, buckets: "100" }),
  "series in buckets of time": search("series", { q: half, buckets: "100", x: "time" }),
  "series in buckets of one's own bounds": search("series", { q: half, buckets: "9", from: "5", to: "800" }),
  "series, every point": search("series", { q: 'metric.name == "long" or metric.name == "loss"' }),
  "a long series by epochs": search("series", { q: 'metric.name == "long"', buckets: "1000", x: "epoch" }),
  "named series": {
    ...search("series"),
    method: "POST",
    body: { series: ["run-3", "run-1", "none", "run-3"].map((run) => ({ run, name: "loss", context: {} })) },
  },
}

it("large answers are the same, whether or not bodies run again", async () => {
  const { serverWith } = await many()
  for (const [name, asked] of Object.entries(requests)) {
    const once = await bytesOf(await serverWith(() => []), asked)
    expect(once.slice(0, 4), name).toBe("200 ")
    expect(once.length, name).toBeGreaterThan(200)
    let bodies = 0
    expect((await bytesOf(await serverWith(() => triesOf(bodies++)), asked)) === once, name).toBe(true)
    expect(bodies).toBeGreaterThan(0)
  }
})
