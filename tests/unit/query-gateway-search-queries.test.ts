import type { FastifyInstance } from "fastify"
import { describe, expect, it } from "vitest"
import { queryDifferences } from "../support/golden-differences.ts"
import { goldenStore, readGolden } from "../support/golden-store.ts"
import { type Decoded, decodeTree } from "../support/stream-decoder.ts"

interface Vector {
  readonly q: string
  readonly tz?: number
  readonly http?: number
  readonly detail?: string
  readonly late_error?: boolean
  readonly run_search?: readonly string[]
  readonly metric_search?: readonly string[]
}

const vectors = JSON.parse(readGolden("query.json")) as readonly Vector[]

const search = async (server: FastifyInstance, path: string, { q, tz }: Vector) => {
  const headers = tz === undefined ? {} : { "x-timezone-offset": String(tz) }
  return server.inject({
    method: "GET",
    url: `/api/v1/rest/runs/search/${path}`,
    query: { q, report_progress: "false" },
    headers,
  })
}

type Reply = Awaited<ReturnType<typeof search>>

const letter = (run: unknown): string => String(run).slice(0, 1).toUpperCase()

const treesOf = (reply: Reply): ReadonlyMap<unknown, Decoded> => {
  if (reply.statusCode !== 200) throw new Error(reply.body)
  return decodeTree(reply.rawPayload) as ReadonlyMap<unknown, Decoded>
}

const runsIn = (reply: Reply): readonly string[] => [...treesOf(reply).keys()].map(letter)

const metricsIn = (reply: Reply): readonly string[] =>
  [...treesOf(reply)]
    .flatMap(([run, tree]) => {
      const traces = (tree as ReadonlyMap<string, Decoded>).get("traces") as readonly ReadonlyMap<string, Decoded>[]
      return traces.map((trace) => `${letter(run)}:${String(trace.get("name"))}`)
    })
    .sort()

describe("the recorded queries", () => {
  it("find the recorded runs and metrics, but for the listed differences", async () => {
    const { server } = await goldenStore()
    const failed: unknown[] = []
    for (const vector of vectors.filter(({ run_search }) => run_search !== undefined)) {
      const { q, tz = 0 } = vector
      const change = queryDifferences.find((difference) => difference.q === q && (difference.tz ?? 0) === tz)
      const want = { runs: change?.runs ?? vector.run_search, metrics: change?.metrics ?? vector.metric_search }
      const got = {
        runs: runsIn(await search(server, "run", vector)),
        metrics: metricsIn(await search(server, "metric", vector)),
      }
      if (JSON.stringify(got) !== JSON.stringify(want)) failed.push({ q, tz, got, want })
    }
    expect(failed).toEqual([])
  })

  it("are refused before the first byte, in words that point at the place", async () => {
    const { server } = await goldenStore()
    const refused = vectors.filter(({ http, late_error }) => http !== undefined || late_error === true)
    expect(refused.length).toBeGreaterThan(5)
    for (const vector of refused)
      for (const path of ["run", "metric", "images"]) {
        const reply = await search(server, path, vector)
        const body = reply.json<{ error: { code: string; message: string }; detail: object; message: string }>()
        expect(reply.statusCode, vector.q).toBe(400)
        expect(body.error.code).toBe("bad_request")
        if (vector.detail !== undefined) expect(body.error.message).toBe(vector.detail)
        expect(body.message).toBe("SyntaxError")
        expect(body.detail).toMatchObject({ statement: vector.q, line: expect.any(Number), offset: expect.any(Number) })
      }
  })

  it.each([
    ["run", "run.x > > 1"],
    ["metric", '(run.x > > 1) and (metric.name == "loss")'],
    ["images", '(run.x > > 1) and (images.name == "shown")'],
  ])("are pointed at by the web UI in the right column, with no undefined end, in %s searches", async (path, q) => {
    const { server } = await goldenStore()
    const { detail } = (await search(server, path, { q })).json<{ detail: { line: number; offset: number } }>()
    // Its explorers take 2 from the offset, whether they have put the query in parentheses or not.
    expect({ line: detail.line, column: detail.offset - 2 }).toEqual({ line: 1, column: "run.x > > 1".lastIndexOf(">") + 1 })
    expect(Object.keys(detail).sort()).toEqual(["line", "offset", "statement"])
  })
})
