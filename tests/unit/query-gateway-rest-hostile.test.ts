import fc from "fast-check"
import type { FastifyInstance, InjectOptions } from "fastify"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { goldenStore } from "../support/golden-store.ts"

const rest = "/api/v1/rest"
const runA = "a".repeat(32)

const oddIds = [
  "..",
  ".",
  "%2e%2e%2f%2e%2e",
  "%00",
  "a%00b",
  "%ff",
  "%ed%a0%80",
  "x".repeat(90),
  "x".repeat(5_000),
  "%E2%80%AE",
  "__proto__",
  "constructor",
  "a%2fb",
  "%0d%0aX:1",
  "null",
  "-1",
  "'%22%3Cscript%3E",
]
const methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"] as const
const patterns = (id: string, other: string): readonly string[] => [
  ...["info", "logs", "log-records", "note", "artifacts/download?path=x", "artifacts/download-all", "metric/get-batch"].map(
    (rest) => `/runs/${id}/${rest}`,
  ),
  ...["", "/clear-tombstone", "/tags/new", `/tags/${other}`, `/note/${other}`].map((rest) => `/runs/${id}${rest}`),
  ...["", "/runs", "/activity", "/note", `/note/${other}`, `/runs?offset=${other}`].map((rest) => `/experiments/${id}${rest}`),
  ...["", "/runs"].map((rest) => `/tags/${id}${rest}`),
  `/dashboards/${id}`,
  `/apps/${id}`,
  `/reports/${id}`,
]

const bodies: readonly (string | undefined)[] = [
  undefined,
  "",
  "null",
  "[]",
  "{}",
  "{",
  '"x"',
  "1e999",
  "[null]",
  '["\\ud800"]',
  '{"__proto__":{"x":1},"name":"a","content":"b","tag_name":"c"}',
  '{"name":"\\ud800","content":"\\u0000","tag_name":"\\ud800","type":"t","state":{"a":NaN}}',
  "[".repeat(5_000),
  '{"sequences":[{"name":"","context":{}}]}',
  `{"name":"${"n".repeat(100_000)}","experiment":"${"e".repeat(100_000)}","tag_name":"${"t".repeat(100_000)}"}`,
  '[{"name":"loss","context":null},{"name":"loss","context":{"a":[1,{"b":1e400}]}}]',
  "\u0000\u0001",
]

const statusOf = async (server: FastifyInstance, method: InjectOptions["method"], url: string, payload?: string) => {
  const reply = await server.inject({
    ...(method === undefined ? {} : { method }),
    url,
    headers: { "content-type": "application/json" },
    ...(payload === undefined ? {} : { payload }),
  })
  return reply.statusCode
}

let server: FastifyInstance
beforeAll(async () => {
  ;({ server } = await goldenStore({}, afterAll))
})

describe("hostile requests", () => {
  test("no id in a path is answered with a 5xx", async () => {
    for (const id of oddIds)
      for (const pattern of patterns(id, id))
        for (const method of methods) {
          const status = await statusOf(server, method, `${rest}${pattern}`, method === "PUT" ? '{"content":"c"}' : undefined)
          expect(status, `${method} ${pattern.slice(0, 80)}`).toBeLessThan(500)
        }
  })

  test("no body is answered with a 5xx", async () => {
    const paths = [
      ...patterns(runA, "x"),
      "/runs/delete-batch",
      "/runs/archive-batch",
      "/runs/images/get-batch",
      "/experiments",
      "/tags",
      "/dashboards",
      "/apps",
      "/reports",
      "/projects/pinned-sequences",
    ]
    for (const body of bodies)
      for (const path of paths)
        for (const method of ["POST", "PUT"] as const)
          expect(await statusOf(server, method, rest + path, body), `${method} ${path} ${body?.slice(0, 60)}`).toBeLessThan(500)
  })

  test("no query parameter is answered with a 5xx, and bad ones are named", async () => {
    const bad: readonly (readonly [string, string, number])[] = [
      ["record_range", `/runs/${runA}/logs?record_range=1.5:2`, 400],
      ["record_range", `/runs/${runA}/log-records?record_range=1:99999999999999999999`, 400],
      ["record_density", `/runs/${runA}/metric/get-batch?record_density=x`, 422],
      ["record_range", `/runs/${runA}/metric/get-batch?record_range=::`, 400],
      ["skip_system", `/runs/${runA}/info?skip_system=perhaps`, 422],
      ["sequence", `/runs/${runA}/info?sequence=nope`, 422],
      ["sequence", "/projects/params?sequence=__proto__", 422],
    ]
    for (const [name, path, status] of bad) {
      const isBatch = path.includes("get-batch")
      const reply = await server.inject({
        method: isBatch ? "POST" : "GET",
        url: rest + path,
        ...(isBatch ? { payload: [] } : {}),
      })
      expect([path, reply.statusCode]).toEqual([path, status])
      expect(reply.json().message).toContain(name)
    }
    const limit = await server.inject(`${rest}/experiments/x/runs?limit=-1`)
    expect([limit.statusCode, limit.json().message]).toEqual([422, "limit: Input should be greater than or equal to 0"])
    const zone = await server.inject({ url: `${rest}/projects/activity`, headers: { "x-timezone-offset": "east" } })
    expect([zone.statusCode, zone.json().message.split(":")[0]]).toEqual([422, "X-Timezone-Offset"])
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (range, density) => {
        const query = { record_range: range, record_density: density, sequence: range, q: range }
        for (const path of [`/runs/${runA}/logs`, "/projects/params", "/tags/search", "/experiments/search"])
          expect((await server.inject({ url: rest + path, query })).statusCode).toBeLessThan(500)
      }),
      { numRuns: 50 },
    )
  })

  test("what is no route is told so, and a wrong method which ones are right", async () => {
    const none = await server.inject(`${rest}/zzz/`)
    expect([none.statusCode, none.json().detail]).toEqual([404, "Not Found"])
    const wrongGateway = await server.inject("/api/v1/ws/runs/x")
    expect([wrongGateway.statusCode, wrongGateway.json().message]).toEqual([404, expect.stringContaining("ingestion gateway")])
    const wrong = await server.inject({ method: "POST", url: `${rest}/runs/x/info/` })
    expect([wrong.statusCode, wrong.json().detail, wrong.headers.allow]).toEqual([405, "Method Not Allowed", "GET, HEAD"])
    for (const path of ["/tags", "/tags/"]) expect((await server.inject(rest + path)).statusCode).toBe(200)
    const preflight = await server.inject({
      method: "OPTIONS",
      url: `${rest}/runs/x/`,
      headers: { origin: "http://localhost:8000", "access-control-request-method": "PUT" },
    })
    expect([preflight.statusCode, preflight.headers["access-control-allow-origin"]]).toEqual([204, "http://localhost:8000"])
  })
})
