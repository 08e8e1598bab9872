import Fastify, { type FastifyInstance } from "fastify"
import { type AddressInfo, connect } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import type { Transaction } from "../../domain/ports/key-value-store.ts"
import type { Value } from "../../domain/value.ts"
import type { AnyFact } from "../../events/index.ts"
import { openBlobUri } from "../../gateways/query/blob-uri.ts"
import { answerErrors } from "../../gateways/query/errors.ts"
import { readBodies } from "../../gateways/query/json-body.ts"
import { searchRoutes } from "../../gateways/query/search-routes.ts"
import { type Rows, WritableRows } from "../../projections/rows.ts"
import { summaryKey } from "../../projections/run-summary.ts"
import { goldenSecret } from "../support/golden-store.ts"
import { type Bed, bed, recorded, stamped } from "../support/folding.ts"
import { type Decoded, type DecodedKey, decodeTree } from "../support/stream-decoder.ts"
import { until } from "../support/wait.ts"

const none = new Map<string, Value>()
const sequence = (runId: string, name: string, context = none) => ({
  runId,
  name,
  contextId: contextId(context),
  context: encodeValue(context),
})
const created = (runId: string): AnyFact => ({ type: "RunCreated", data: { runId, clientStart: 0 } })
const points = (runId: string, name: string, values: readonly number[], first = 0): AnyFact => ({
  type: "PointsLogged",
  data: {
    ...sequence(runId, name),
    dtype: "float",
    values,
    steps: values.map((_, i) => first + i),
    epochs: [],
    firstTime: 1e6,
    timeOffsets: values.map((_, i) => i),
  },
})

interface Set {
  readonly made: Bed
  readonly server: FastifyInstance
  /** How often the projections were read. */
  readonly reads: () => number
  readonly log: (facts: readonly (readonly [AnyFact, at: number])[]) => Promise<void>
}

const set = async (): Promise<Set> => {
  const made = await bed()
  onTestFinished(() => made.close())
  const server = Fastify()
  answerErrors(server)
  readBodies(server)
  let reads = 0
  const read = <A>(body: (rows: Rows) => Promise<A>): Promise<A> => {
    reads++
    return made.read(body)
  }
  await server.register(searchRoutes({ read, clock: () => 1_000, blobSecret: goldenSecret }))
  onTestFinished(() => server.close())
  let offset = 0
  const log: Set["log"] = async (facts) => {
    const events = facts.map(([fact, at]) => stamped(fact, at))
    await made.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events, offset))
    offset += events.length
  }
  return { made, server, reads: () => reads, log }
}

const ask = async (server: FastifyInstance, path: string, query: Readonly<Record<string, string>> = {}) =>
  server.inject({ method: "GET", url: `/runs/${path}`, query })

const treeOf = async (server: FastifyInstance, path: string, query: Readonly<Record<string, string>> = {}) => {
  const reply = await ask(server, path, { report_progress: "false", ...query })
  expect(reply.statusCode, reply.body).toBe(200)
  return decodeTree(reply.rawPayload) as ReadonlyMap<DecodedKey, Decoded>
}

const follow = (tree: Decoded | undefined, ...keys: readonly (string | number)[]): Decoded | undefined =>
  keys.reduce<Decoded | undefined>(
    (node, key) =>
      node instanceof Map ? (node.get(key) as Decoded) : Array.isArray(node) ? (node[Number(key)] as Decoded) : undefined,
    tree,
  )

describe("parameters of searches", () => {
  it.each([
    ["search/run", { limit: "-1" }, 422, /^limit:/],
    ["search/run", { limit: "many" }, 422, /^limit:/],
    ["search/run", { skip_system: "perhaps" }, 422, /^skip_system:/],
    ["search/run", { sort: "[{]" }, 400, /^Invalid sort JSON/],
    ["search/run", { sort: '[{"field":"x"}]' }, 400, /^Unknown sort field: 'x'$/],
    ["search/run", { sort: '[{"field":"date","order":"up"}]' }, 400, /^Invalid sort order: 'up'$/],
    ["search/run", { sort: "[1]" }, 400, /^Invalid sort/],
    ["search/metric", { p: "x" }, 422, /^p:/],
    ["search/images", { record_range: "a:b" }, 400, /^record_range/],
    ["search/images", { index_density: "x" }, 422, /^index_density:/],
    ["search/run", { q: `run.name == '${"x".repeat(70_000)}'` }, 400, /longer than/],
  ])("Mending 15: %s with %o is refused by name", async (path, query, status, message) => {
    const { server } = await set()
    const reply = await ask(server, path, query as unknown as Record<string, string>)
    expect(reply.statusCode).toBe(status)
    expect(reply.json<{ message: string }>().message).toMatch(message)
  })

  it("a query that costs too much is refused before the first byte", async () => {
    const { server, log } = await set()
    await log([[created("r"), 1]])
    const reply = await ask(server, "search/run", { q: "sum([x * y for x in range(900) for y in range(900)]) > 0" })
    expect(reply.statusCode).toBe(422)
    expect(reply.json<{ message: string }>().message).toMatch(/steps.*ask for less/)
  })

  it.each(["{}", '[{"name": 1, "context": {}}]', '[{"name": "x"}]', "[1]"])(
    "a body %s names its wrong field",
    async (payload) => {
      const { server, log } = await set()
      await log([[created("r"), 1]])
      const reply = await server.inject({ method: "POST", url: "/runs/r/images/get-batch", payload })
      expect(reply.statusCode).toBe(422)
      expect(reply.json<{ message: string }>().message).toMatch(/^body/)
    },
  )

  it("objects of a run that is not there are not found", async () => {
    const { server } = await set()
    for (const what of ["get-batch", "get-step"])
      expect((await server.inject({ method: "POST", url: `/runs/none/images/${what}`, payload: "[]" })).statusCode).toBe(404)
  })
})

describe("the order of runs", () => {
  it("sorts by several fields, and pages by limit and offset without gap or repeat", async () => {
    const { server, log } = await set()
    const names = ["b", "a", "b", "a", "é", "𝒳", "ﬀ"]
    await log(
      names.flatMap(
        (name, i) =>
          [
            [created(`r${i}`), 10 - i],
            [{ type: "RunRenamed", data: { runId: `r${i}`, name } }, 20],
          ] as const,
      ),
    )
    const sort = JSON.stringify([{ field: "run" }, { field: "date", order: "desc" }])
    const keys = async (query: Record<string, string>) => [...(await treeOf(server, "search/run", query)).keys()]
    const all = await keys({ sort })
    expect(all).toEqual(["r1", "r3", "r0", "r2", "r4", "r6", "r5"])
    const paged: unknown[] = []
    for (
      let page = await keys({ sort, limit: "2" });
      page.length > 0;
      page = await keys({ sort, limit: "2", offset: String(page.at(-1)) })
    )
      paged.push(...page)
    expect(paged).toEqual(all)
    expect(await keys({ sort, offset: "nobody" })).toEqual([])
    // Mending 16: such a page never ended in the reference.
    expect(await keys({ q: "len(run.name) == 1", limit: "2" })).toEqual(["r0", "r1"])
    expect(await keys({})).toEqual(["r0", "r1", "r2", "r3", "r4", "r5", "r6"])
    expect(await keys({ sort: '[{"field":"date"}]', q: "'a' not in run.name" })).toEqual(["r6", "r5", "r4", "r2", "r0"])
  })
})

describe("cursors", () => {
  it("page through the newest runs without gap or repeat, while runs come and go", async () => {
    const { server, log } = await set()
    await log(Array.from({ length: 9 }, (_, i) => [created(`r${i}`), 10 + (i >> 1)] as const))
    for (const q of ["", "run.name != 'x'"]) {
      const seen: unknown[] = []
      for (let cursor: string | undefined = ""; cursor !== undefined;) {
        const reply = await ask(server, "search/run", { q, cursor, limit: "4", report_progress: "false" })
        expect(reply.statusCode).toBe(200)
        seen.push(...(decodeTree(reply.rawPayload) as ReadonlyMap<DecodedKey, Decoded>).keys())
        // What is newer comes before the page, and what the cursor names need not be there.
        await log([
          [created(`later ${q} ${seen.length}`), 99],
          [{ type: "RunDeleted", data: { runId: "r5" } }, 99],
        ])
        cursor = reply.headers["x-next-cursor"] as string | undefined
      }
      expect(seen.filter((run) => !String(run).startsWith("later"))).toEqual([
        "r8",
        "r7",
        "r6",
        ...(q === "" ? ["r5"] : []),
        "r4",
        "r3",
        "r2",
        "r1",
        "r0",
      ])
    }
  })

  it.each([
    { cursor: "garbage" },
    { cursor: "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" },
    { cursor: "", offset: "r" },
    { cursor: "", sort: '[{"field":"run"}]' },
  ])("%o is refused", async (query) => {
    const { server } = await set()
    const reply = await ask(server, "search/run", query as unknown as Record<string, string>)
    expect(reply.statusCode).toBe(400)
    expect(reply.json<{ message: string }>().message).toMatch(/^cursor/)
  })
})

describe("streams", () => {
  it("a run that cannot be read is left out, and the others have their answer", async () => {
    const { server, made, log } = await set()
    await log([
      [created("a"), 1],
      [created("b"), 2],
      [points("b", "m", [1]), 2],
      [created("c"), 3],
    ])
    await made.read(async (rows) =>
      // A bed's reads are transactions, so this one may break what no fold would.
      new WritableRows(rows.tx as Transaction, rows.generation).setBytes("own", summaryKey("b", 2), Uint8Array.of(0, 0)),
    )
    for (const query of [{}, { q: "len(run.name) > 0" }])
      expect([...(await treeOf(server, "search/run", query)).keys()]).toEqual(["c", "a"])
    expect((await ask(server, "search/metric")).statusCode).toBe(200)
  })

  it("work stops while the client does not read, and for good when it has gone", async () => {
    const { server, log, reads } = await set()
    const values = Array.from({ length: 5_000 }, (_, i) => i)
    await log([[created("r"), 1], ...Array.from({ length: 200 }, (_, i) => [points("r", `m${i}`, values), 1] as const)])
    await server.listen({ host: "127.0.0.1", port: 0 })
    const { port } = server.server.address() as AddressInfo
    const socket = connect(port, "127.0.0.1")
    socket.write("GET /runs/search/metric?p=100000 HTTP/1.1\r\nHost: x\r\n\r\n")
    await new Promise((resolve) => socket.once("data", resolve))
    socket.pause()
    // 200 metrics of 160 kB: what the sockets hold is on its way, the rest is not even read.
    await restOf(reads)
    expect(reads()).toBeLessThan(150)
    socket.destroy()
    await restOf(reads)
    expect(reads()).toBeLessThan(150)
  })
})

describe("a search that is under way", () => {
  it("is abandoned when the client goes", async () => {
    const { server, log, reads } = await set()
    await log(Array.from({ length: 1_500 }, (_, i) => [created(`r${i}`), i] as const))
    const ends: unknown[] = []
    server.addHook("onError", async (_request, _reply, error) => {
      ends.push((error as { readonly status?: number }).status)
    })
    await server.listen({ host: "127.0.0.1", port: 0 })
    const { port } = server.server.address() as AddressInfo
    const socket = connect(port, "127.0.0.1")
    const q = encodeURIComponent("sum([x * y for x in range(60) for y in range(60)]) < 0")
    socket.write(`GET /runs/search/run?q=${q} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await until("the search's beginning", reads, (count) => count > 1)
    socket.destroy()
    expect(
      await until(
        "the search's end",
        () => ends,
        ({ length }) => length > 0,
      ),
    ).toEqual([499])
  })
})

/** Waits until a count has stayed the same for a while. */
const restOf = async (count: () => number): Promise<void> => {
  let last = count()
  let same = 0
  await until(
    "a count at rest",
    () => {
      same = count() === last ? same + 1 : 0
      last = count()
      return same
    },
    (times) => times > 10,
  )
}

describe("object items", () => {
  const item = (n: number) =>
    new Map<string, Value>([
      ["type", "image"],
      ["caption", `c${n}`],
      ["width", 1],
      ["height", 1],
    ])
  const image = (runId: string, step: number, count: number): AnyFact => ({
    type: "ObjectLogged",
    data: {
      ...sequence(runId, "img"),
      dtype: "image",
      step,
      epoch: null,
      value: encodeValue(Array.from({ length: count }, (_, n) => item(n))),
    },
  })

  it("Mending 18: after slicing, index and URI name the right item", async () => {
    const { server, log } = await set()
    await log([
      [created("r"), 1],
      [image("r", 0, 10), 1],
      [image("r", 5, 3), 1],
    ])
    const tree = await treeOf(server, "search/images", { index_range: "2:9", index_density: "3" })
    const items = follow(tree, "r", "traces", 0, "values", 0) as readonly Decoded[]
    expect(items.map((one) => follow(one, "index"))).toEqual([2, 5, 8])
    expect(items.map((one) => follow(one, "caption"))).toEqual(["c2", "c5", "c8"])
    expect(items.map((one) => openBlobUri(String(follow(one, "blob_uri")), goldenSecret))).toEqual(
      [2, 5, 8].map((index) => ({ runId: "r", contextId: 0, name: "img", step: 0, index })),
    )
    expect(follow(tree, "r", "ranges")).toEqual(
      new Map([
        ["record_range_total", [0, 6]],
        ["record_range_used", [0, 6]],
        ["index_range_total", [0, 10]],
        ["index_range_used", [2, 9]],
      ]),
    )
  })

  it("a record range and a step show what they name", async () => {
    const { server, log } = await set()
    await log([[created("r"), 1], ...[0, 2, 4, 6].map((step) => [image("r", step, 1), 1] as const)])
    const post = async (what: string) => {
      const payload = JSON.stringify([
        { name: "img", context: {} },
        { name: "nope", context: {} },
      ])
      return decodeTree((await server.inject({ method: "POST", url: `/runs/r/images/${what}`, payload })).rawPayload)
    }
    const batch = await post("get-batch?record_range=1:6&record_density=0")
    expect(follow(batch, "iters")).toEqual([2, 4])
    expect([follow(batch, "record_range_used"), follow(batch, "record_range_total")]).toEqual([
      [2, 5],
      [0, 7],
    ])
    expect(follow(await post("get-step?record_step=4"), "iters")).toEqual([4])
    expect(follow(await post("get-step"), "iters")).toEqual([6])
    expect(await post("get-step?record_step=3")).toEqual(new Map())
  })
})
