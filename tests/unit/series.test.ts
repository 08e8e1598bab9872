import fc from "fast-check"
import Fastify, { type FastifyInstance } from "fastify"
import { type AddressInfo, connect } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import type { Value } from "../../domain/value.ts"
import type { AnyFact } from "../../events/index.ts"
import { answerErrors } from "../../gateways/query/errors.ts"
import { readBodies } from "../../gateways/query/json-body.ts"
import { searchRoutes } from "../../gateways/query/search-routes.ts"
import type { Rows } from "../../projections/rows.ts"
import { BucketFilling } from "../../projections/series-buckets.ts"
import { bed, recorded, stamped } from "../support/folding.ts"
import { goldenSecret } from "../support/golden-store.ts"
import { documentedReader, type ReadSeries } from "../support/series.ts"
import { until } from "../support/wait.ts"

const read = await documentedReader()

interface Point {
  readonly step: number
  readonly value: number
  readonly epoch?: number
  /** Microseconds. */
  readonly time?: number
}

const val = new Map<string, Value>([["subset", "val"]])
const created = (runId: string): AnyFact => ({ type: "RunCreated", data: { runId, clientStart: 0 } })
const logged = (runId: string, name: string, points: readonly Point[], context: Map<string, Value> = new Map()): AnyFact => ({
  type: "PointsLogged",
  data: {
    runId,
    name,
    contextId: contextId(context),
    context: encodeValue(context),
    dtype: "float",
    values: points.map(({ value }) => value),
    steps: points.map(({ step }) => step),
    epochs: points[0]?.epoch === undefined ? [] : points.map(({ epoch = 0 }) => epoch),
    firstTime: 0,
    timeOffsets: points.map(({ step, time = step }) => time),
  },
})
const ramp = (count: number, first = 0): readonly Point[] =>
  Array.from({ length: count }, (_, i) => ({ step: first + i, value: Math.sin(i), epoch: i >> 3, time: 1_000 * i }))

interface Served {
  readonly server: FastifyInstance
  readonly log: (...facts: readonly AnyFact[]) => Promise<void>
  readonly reads: () => number
}

/** A server of series; `before` is done before each view is opened. */
const served = async (before: (log: Served["log"]) => Promise<void> = async () => {}): Promise<Served> => {
  const made = await bed()
  onTestFinished(() => made.close())
  const server = Fastify()
  onTestFinished(() => server.close())
  answerErrors(server)
  readBodies(server)
  let offset = 0
  let reads = 0
  const log: Served["log"] = async (...facts) => {
    const events = facts.map((fact, i) => stamped(fact, offset + i))
    await made.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events, offset))
    offset += events.length
  }
  const view = async <A>(body: (rows: Rows) => Promise<A>): Promise<A> => {
    reads++
    await before(log)
    return made.read(body)
  }
  await server.register(searchRoutes({ read: view, clock: () => 1_000, blobSecret: goldenSecret }))
  return { server, log, reads: () => reads }
}

const get = async (server: FastifyInstance, query: Readonly<Record<string, string>>) => {
  const reply = await server.inject({ method: "GET", url: "/runs/series", query })
  expect(reply.statusCode, reply.body).toBe(200)
  expect(reply.headers["content-type"]).toBe("application/octet-stream")
  return read(reply.rawPayload)
}

const post = async (server: FastifyInstance, payload: unknown, query: Readonly<Record<string, string>> = {}) =>
  server.inject({ method: "POST", url: "/runs/series", query, payload: JSON.stringify(payload) })

const namesOf = (series: readonly ReadSeries[]) => series.map(({ run, name, context }) => [run, name, context])

describe("buckets of a series", () => {
  it("hold each point once, and tell its bucket's least, greatest, mean and last value", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double())), {
          maxLength: 80,
        }),
        fc.integer({ min: -40, max: 0 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 30 }),
        (points, from, to, buckets) => {
          const xs = Float64Array.from(points, ([x]) => x)
          const values = Float64Array.from(points, ([, value]) => value)
          const cut = Math.floor(xs.length / 3)
          const got = new BucketFilling({ from, to, buckets })
            .add(xs.subarray(0, cut), values.subarray(0, cut))
            .add(xs.subarray(cut), values.subarray(cut))
            .take()
          const bucketOf = (x: number) =>
            from === to ? 0 : x === to ? buckets - 1 : Math.floor(((x - from) * buckets) / (to - from))
          for (let i = 0; i < buckets; i++) {
            const own = points.filter(([x]) => x >= from && x <= to && bucketOf(x) === i).map(([, value]) => value)
            const known = own.filter((value) => !Number.isNaN(value))
            const [min, max] = known.length === 0 ? [Number.NaN, Number.NaN] : [Math.min(...known), Math.max(...known)]
            expect([got.count[i], got.last[i]]).toEqual([own.length, own.at(-1) ?? Number.NaN])
            // Of zeros the sign is whichever came first.
            expect([got.min[i]! + 0, got.max[i]! + 0]).toEqual([min + 0, max + 0])
            const mean = got.mean[i]!
            if (known.length === 0) expect(mean).toBeNaN()
            else if (!Number.isNaN(mean)) {
              expect(mean >= min && mean <= max).toBe(true)
              const sum = known.reduce((a, b) => a + b)
              if (Number.isFinite(sum) && Math.abs(sum) < 1e6) expect(mean).toBeCloseTo(sum / known.length)
            }
          }
        },
      ),
      { numRuns: 300 },
    ))
})

describe("series in buckets", () => {
  it("lie on one grid, newest run first, with every point in one bucket", async () => {
    const { server, log } = await served()
    await log(created("old"), logged("old", "loss", ramp(100)), logged("old", "loss", ramp(30, 500), val))
    await log(created("new"), logged("new", "loss", ramp(1_300)), logged("new", "lr", ramp(7)))
    const { head, series } = await get(server, { q: "metric.name == 'loss'", buckets: "10" })
    expect(head).toEqual({
      series: 3,
      columns: ["min", "max", "mean", "last", "count"],
      x: "step",
      buckets: 10,
      from: 0,
      to: 1_299,
    })
    expect(namesOf(series).toSorted()).toEqual(
      [
        ["new", "loss", {}],
        ["old", "loss", {}],
        ["old", "loss", { subset: "val" }],
      ].toSorted(),
    )
    expect(series[0]?.run).toBe("new")
    const counts = new Map(series.map(({ run, context, columns }) => [`${run} ${JSON.stringify(context)}`, columns["count"]]))
    expect(counts.get("new {}")).toEqual(Array.from({ length: 10 }, () => 130))
    expect(counts.get("old {}")).toEqual([100, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(counts.get('old {"subset":"val"}')).toEqual([0, 0, 0, 20, 10, 0, 0, 0, 0, 0])
    expect(series[0]?.columns["last"]?.[9]).toBe(Math.sin(1_299))
  })

  it.each([
    ["epoch", 0, 5],
    ["time", 0, 0.04],
    ["relative", 0, 0.039],
  ])("lie along %s", async (x, from, to) => {
    const { server, log } = await served()
    await log(
      created("r"),
      logged("r", "a", ramp(41)),
      logged(
        "r",
        "b",
        ramp(40).map((point) => ({ ...point, time: 1_000 + point.time! })),
      ),
    )
    await log(logged("r", "c", [{ step: 3, value: 1, time: 2_000 }]))
    const { head, series } = await get(server, { x, buckets: "4", q: "metric.name != 'a'" })
    expect([head.x, head.from]).toEqual([x, x === "time" ? 0.001 : from])
    expect(head.to).toBeCloseTo(x === "epoch" ? 4 : to)
    const sums = series.map(({ name, columns }) => [name, columns["count"]?.reduce((a, b) => a + b)])
    expect(sums).toEqual([
      ["b", 40],
      ["c", x === "epoch" ? 0 : 1],
    ])
  })

  it("of many blocks hold every point of each piece", async () => {
    const { server, log } = await served()
    await log(created("r"), logged("r", "a", ramp(70_000)))
    for (const x of ["step", "epoch", "relative"]) {
      const { series } = await get(server, { buckets: "7", x })
      const { count, last } = series[0]!.columns
      expect(count?.reduce((a, b) => a + b)).toBe(70_000)
      expect(last?.at(-1)).toBe(Math.sin(69_999))
    }
  })

  it("are cut at bounds, both included, which need not be whole numbers", async () => {
    const { server, log } = await served()
    await log(created("r"), logged("r", "a", ramp(2_000, -1_000)))
    for (const [from, to, count] of [
      ["-0.5", "9.5", 10],
      ["-10", "0", 11],
      ["5e2", "1e300", 500],
      ["-1e300", "-999.5", 1],
      ["7", "7", 1],
      ["1e9", "2e9", 0],
    ] as const) {
      const { head, series } = await get(server, { from, to, buckets: "3" })
      expect([head.from, head.to]).toEqual([Number(from), Number(to)])
      expect(series[0]?.columns["count"]?.reduce((a, b) => a + b)).toBe(count)
      expect((await get(server, { from, to })).series[0]?.columns["step"]?.length).toBe(count)
    }
    expect((await get(server, { from: "1e9", buckets: "3" })).head).toMatchObject({ from: null, to: null })
  })

  it("tell one state, though points come while they are read", async () => {
    let step = -100
    const { server, log } = await served(async (log) => {
      if (step > 0) await log(...["a", "b"].map((name) => logged("r", name, [{ step, value: 1 }])))
      step++
    })
    await log(created("r"), logged("r", "a", ramp(600)), logged("r", "b", ramp(600)))
    step = 600
    const { head, series } = await get(server, { buckets: "8" })
    const counts = series.map(({ name, columns }) => [name, columns["count"]!.reduce((a, b) => a + b)])
    expect(head.to).toBeGreaterThan(599)
    expect(counts).toEqual([
      ["a", head.to! + 1],
      ["b", head.to! + 1],
    ])
  })
})

describe("series point by point", () => {
  it("are what was logged, in frames where they are long", async () => {
    const { server, log } = await served()
    const long = ramp(40_000, -7)
    await log(created("r"), logged("r", "long", long), logged("r", "short", [{ step: 4, value: Number.NaN, time: 9 }]))
    const { head, series } = await get(server, {})
    expect(head).toEqual({ series: 2, columns: ["step", "value", "epoch", "time"] })
    expect(namesOf(series)).toEqual([
      ["r", "long", {}],
      ["r", "short", {}],
    ])
    expect(series[0]?.frames).toBeGreaterThan(1)
    expect(series[0]?.columns).toEqual({
      step: long.map(({ step }) => step),
      value: long.map(({ value }) => value),
      epoch: long.map(({ epoch }) => epoch),
      time: long.map(({ time = 0 }) => time / 1e6),
    })
    expect(series[1]?.columns).toEqual({ step: [4], value: [Number.NaN], epoch: [Number.NaN], time: [9e-6] })
  })

  it("come in the order they are named in; what is not there is left out", async () => {
    const { server, log } = await served()
    await log(created("r"), logged("r", "a", ramp(3)), logged("r", "a", ramp(2), val), created("s"), logged("s", "a", ramp(1)))
    const one = (run: string, name: string, context: object = {}) => ({ run, name, context })
    const asked = [
      one("s", "a"),
      one("r", "nope"),
      one("r", "a", { subset: "val" }),
      one("gone", "a"),
      one("/", "a"),
      one("s", "a"),
    ]
    const { series } = read((await post(server, { series: asked })).rawPayload)
    expect(series.map(({ run, columns }) => [run, columns["step"]])).toEqual([
      ["s", [0]],
      ["r", [0, 1]],
      ["s", [0]],
    ])
    const byQuery = read((await post(server, { q: "metric.context.subset == 'val'" })).rawPayload)
    expect(namesOf(byQuery.series)).toEqual([["r", "a", { subset: "val" }]])
    expect(read((await post(server, { q: "False" })).rawPayload)).toEqual({
      head: { series: 0, columns: ["step", "value", "epoch", "time"] },
      series: [],
    })
  })
})

describe("a request for series", () => {
  it.each([
    [{ buckets: "10001" }, 422, /^buckets:/],
    [{ buckets: "0" }, 422, /^buckets:/],
    [{ buckets: "few" }, 422, /^buckets:/],
    [{ x: "age", buckets: "5" }, 422, /^x:/],
    [{ x: "time" }, 400, /^x:/],
    [{ from: "now" }, 422, /^from:/],
    [{ to: "1e999" }, 422, /^to:/],
    [{ from: "3", to: "2" }, 400, /^from:/],
    [{ q: "metric.name ==" }, 400, /SyntaxError/],
  ])("with %o is refused by name", async (query, status, message) => {
    const { server } = await served()
    const reply = await server.inject({ method: "GET", url: "/runs/series", query: query as unknown as Record<string, string> })
    expect(reply.statusCode).toBe(status)
    expect(reply.json<{ message: string }>().message).toMatch(message)
  })

  it.each([[[]], [{}], [{ q: 5 }], [{ series: {} }], [{ series: [{ name: "a", context: {} }] }], [{ series: [1] }]])(
    "with a body %o is refused by name",
    async (body) => {
      const { server } = await served()
      const reply = await post(server, body)
      expect(reply.statusCode).toBe(422)
      expect(reply.json<{ message: string }>().message).toMatch(/^body/)
    },
  )

  it("is refused where it means more than 1,000 series", async () => {
    const { server, log } = await served()
    await log(created("r"), ...Array.from({ length: 1_001 }, (_, i) => logged("r", `m${i}`, ramp(1))))
    const reply = await server.inject({ method: "GET", url: "/runs/series", query: { buckets: "5" } })
    expect(reply.statusCode).toBe(400)
    expect(reply.json<{ message: string }>().message).toMatch(/^q: at most 1000 series/)
    const named = await post(server, { series: Array.from({ length: 1_001 }, () => ({ run: "r", name: "m1", context: {} })) })
    expect(named.statusCode).toBe(400)
    expect(named.json<{ message: string }>().message).toMatch(/^body.series: at most 1000 series/)
    expect((await get(server, { buckets: "2", q: "metric.name != 'm5'" })).series.length).toBe(1_000)
  })

  it("is abandoned when the client goes", async () => {
    const { server, log, reads } = await served()
    await log(created("r"), ...Array.from({ length: 60 }, (_, i) => logged("r", `m${i}`, ramp(20_000))))
    await server.listen({ host: "127.0.0.1", port: 0 })
    const { port } = server.server.address() as AddressInfo
    const socket = connect(port, "127.0.0.1")
    socket.write("GET /runs/series HTTP/1.1\r\nHost: x\r\n\r\n")
    await new Promise((resolve) => socket.once("data", resolve))
    socket.pause()
    // 38 MB in views of 8: what the sockets hold is on its way, the rest is not even read.
    const before = await restOf(reads)
    socket.destroy()
    expect(await restOf(reads)).toBe(before)
    expect(before).toBeLessThan(6)
  })
})

/** Waits until a count has stayed the same for a while. */
const restOf = async (count: () => number): Promise<number> => {
  let last = count()
  let same = 0
  const quiet = () => {
    same = count() === last ? same + 1 : 0
    last = count()
    return same
  }
  await until("a count at rest", quiet, (times) => times > 10)
  return last
}
