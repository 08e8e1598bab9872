import Fastify, { type FastifyInstance } from "fastify"
import type { AddressInfo } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import type { Value } from "../../domain/value.ts"
import type { AnyFact } from "../../events/index.ts"
import { answerErrors } from "../../gateways/query/errors.ts"
import { searchRoutes } from "../../gateways/query/search-routes.ts"
import type { SearchGateway } from "../../gateways/query/search.ts"
import { goldenSecret } from "../support/golden-store.ts"
import { bed, recorded, stamped } from "../support/folding.ts"
import { type Decoded, decodeTree } from "../support/stream-decoder.ts"

const factsOf = (i: number): readonly AnyFact[] => {
  const runId = `run${i}`
  const sequence = { runId, name: "loss", contextId: 0, context: encodeValue(new Map()), dtype: "float" }
  const opt = new Map([["name", i % 2 === 0 ? "adam" : "sgd"]])
  return [
    { type: "RunCreated", data: { runId, clientStart: i } },
    {
      type: "AttributesSet",
      data: {
        runId,
        paths: [["hparams"]],
        values: [
          encodeValue(
            new Map<string, Value>([
              ["n", i],
              ["opt", opt],
            ]),
          ),
        ],
      },
    },
    { type: "PointsLogged", data: { ...sequence, values: [i], steps: [0], epochs: [], firstTime: 0, timeOffsets: [0] } },
    { type: "RunRenamed", data: { runId, name: `name ${9 - i}` } },
  ]
}

/** Ten runs behind the searches; `over` may wrap how they are read. */
const set = async (over: (read: SearchGateway["read"]) => SearchGateway["read"] = (read) => read): Promise<FastifyInstance> => {
  const made = await bed()
  onTestFinished(() => made.close())
  const events = Array.from({ length: 10 }, (_, i) => factsOf(i).map((fact) => stamped(fact, i)))
  await made.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events.flat()))
  const server = Fastify()
  answerErrors(server)
  await server.register(searchRoutes({ read: over(made.read), clock: () => 1_000, blobSecret: goldenSecret }))
  onTestFinished(() => server.close())
  return server
}

const explained = async (server: FastifyInstance, kind: string, query: Readonly<Record<string, string>>) => {
  const reply = await server.inject({ method: "GET", url: `/runs/search/${kind}`, query: { explain: "true", ...query } })
  expect(reply.statusCode, reply.body).toBe(200)
  return reply.json<Readonly<Record<string, unknown>>>()
}

describe("explain", () => {
  it("tells an exact search by an index", async () => {
    const told = await explained(await set(), "run", { q: "SELECT run IF run.hparams.n >= 7 " })
    expect(told).toMatchObject({
      query: "run.hparams.n >= 7",
      way: "index",
      exact: true,
      candidates: 3,
      looked_at: 0,
      matches: 3,
    })
    expect(told["plan"]).toMatchObject({
      kind: "and",
      exact: true,
      runs: 3,
      parts: [
        { kind: "index", index: "archived", value: false, runs: null },
        { kind: "index", index: "hparam", path: ["n"], runs: 3 },
      ],
    })
  })

  it("tells candidates that are looked at again", async () => {
    const told = await explained(await set(), "run", {
      q: "run.name.startswith('name') and run.hparams.opt.name == 'adam' and len(run.hash) == 4 and run.hparams.n != 0",
    })
    expect(told).toMatchObject({ way: "index", exact: false, candidates: 5, looked_at: 5, matches: 4 })
  })

  it("tells that all runs are walked through where no index helps", async () => {
    const told = await explained(await set(), "run", { q: "run.hparams.n % 2 == 1" })
    expect(told).toMatchObject({ way: "walk", exact: false, candidates: null, looked_at: 10, matches: 5 })
    expect(told["limits"]).toMatchObject({ milliseconds: 60_000 })
  })

  it("tells a page by cursor, which ends the walk early", async () => {
    const told = await explained(await set(), "run", { q: "run.hparams.n % 2 == 1", cursor: "", limit: "2" })
    expect(told).toMatchObject({ looked_at: 5, matches: 2 })
  })

  it("tells a search of metrics by the runs that have one", async () => {
    const told = await explained(await set(), "metric", { q: "metric.name == 'loss' and metric.last > 6.5" })
    expect(told).toMatchObject({ way: "index", exact: false, candidates: 10, looked_at: 10, matches: 3 })
  })

  it("refuses what is no query as the search does", async () => {
    const reply = await (await set()).inject({ url: "/runs/search/run", query: { explain: "true", q: "run." } })
    expect(reply.statusCode).toBe(400)
  })
})

describe("an order that no index has", () => {
  const idsOf = async (server: FastifyInstance, query: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const sort = JSON.stringify([{ field: "run", order: "asc" }])
    const reply = await server.inject({ url: "/runs/search/run", query: { sort, report_progress: "false", ...query } })
    return [...(decodeTree(reply.rawPayload) as ReadonlyMap<string, Decoded>).keys()]
  }

  it("pages through all runs by offset", async () => {
    const server = await set()
    const seen: string[] = []
    for (
      let page = await idsOf(server, { limit: "4" });
      page.length > 0;
      page = await idsOf(server, { limit: "4", offset: seen.at(-1)! })
    )
      seen.push(...page)
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => `run${9 - i}`))
  })

  it("has nothing behind a run that is not there", async () => {
    expect(await idsOf(await set(), { limit: "4", offset: "nobody" })).toEqual([])
  })
})

describe("a search that takes long", () => {
  it("tells that it still looks, and then its answer", async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const server = await set((read) => async (body) => {
      await released
      return read(body)
    })
    await server.listen({ host: "127.0.0.1", port: 0 })
    const { port } = server.server.address() as AddressInfo
    const reply = await fetch(`http://127.0.0.1:${port}/runs/search/run?q=run.hparams.n==3`)
    // The head of the answer came while nothing could be read.
    release()
    const tree = decodeTree(Buffer.from(await reply.arrayBuffer())) as ReadonlyMap<string, Decoded>
    expect(tree.get("progress_0")).toEqual([0, 1])
    expect([...tree.keys()].filter((key) => !key.startsWith("progress_"))).toEqual(["run3"])
  })
})
