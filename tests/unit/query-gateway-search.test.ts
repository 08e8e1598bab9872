import type { FastifyInstance, InjectOptions } from "fastify"
import { describe, expect, it } from "vitest"
import { Float } from "../../domain/value.ts"
import { openBlobUri } from "../../gateways/query/blob-uri.ts"
import { responseDifferences } from "../support/golden-differences.ts"
import { type GoldenStore, goldenSecret, goldenStore, readGolden } from "../support/golden-store.ts"
import { type DecodedRecord, decodeRecords, decodeTree } from "../support/stream-decoder.ts"

interface Vector {
  readonly name: string
  readonly method: "GET" | "POST"
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: object | null
  readonly hex: string
}

const vectors = JSON.parse(readGolden("responses.json")) as readonly Vector[]

const ask = async (server: FastifyInstance, { method, path, query, body }: Omit<Vector, "hex" | "name">) => {
  const options: InjectOptions = { method, url: path, query, ...(body === null ? {} : { payload: body }) }
  return server.inject(options)
}

/** What must be equal: ids are drawn anew and URIs sealed anew, so they stand for what they mean. */
const comparable = (records: readonly DecodedRecord[], ids: ReadonlyMap<string, string>): readonly string[] =>
  records.map(({ path, value }) => {
    const meant = (text: string): string => {
      const place = openBlobUri(text, goldenSecret)
      return place === undefined ? (ids.get(text) ?? text) : JSON.stringify(place)
    }
    const shown = typeof value === "string" ? meant(value) : typed(value)
    return `${path.map((key) => meant(String(key))).join("/")} = ${shown}`
  })

const typed = (value: DecodedRecord["value"]): string => {
  if (value instanceof Float) return `float ${value.value}`
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`
  return value instanceof Map ? "map" : Array.isArray(value) ? "array" : `${typeof value} ${String(value)}`
}

/** The ids that the reference drew, by what they are called here. */
const idsOf = ({ bind }: GoldenStore): ReadonlyMap<string, string> =>
  new Map([
    [bind("experiment", "exp1"), "00000000-0000-4000-8000-000000000001"],
    [bind("tag", "prod"), "00000000-0000-4000-8000-000000000002"],
  ])

describe("the recorded binary answers", () => {
  it("are given as recorded, record by record, but for the listed differences", async () => {
    const store = await goldenStore()
    const ids = idsOf(store)
    const failed: unknown[] = []
    for (const vector of vectors) {
      const reply = await ask(store.server, vector)
      const change = responseDifferences[vector.name]?.change ?? ((records) => records)
      const want = comparable(change(decodeRecords(Buffer.from(vector.hex, "hex"))), new Map())
      const got = reply.statusCode === 200 ? comparable(decodeRecords(reply.rawPayload), ids) : [reply.body]
      if (got.join("\n") !== want.join("\n"))
        failed.push({
          name: vector.name,
          missing: want.filter((line) => !got.includes(line)),
          extra: got.filter((line) => !want.includes(line)),
          got: got.length,
          want: want.length,
        })
    }
    expect(failed).toEqual([])
  })

  it("differ where a difference is listed", async () => {
    for (const [name, { change, mendings, why }] of Object.entries(responseDifferences)) {
      const recorded = decodeRecords(Buffer.from(vectors.find((vector) => vector.name === name)?.hex ?? "", "hex"))
      expect(comparable(change(recorded), new Map()), name).not.toEqual(comparable(recorded, new Map()))
      expect(mendings.length).toBeGreaterThan(0)
      expect(why).not.toBe("")
    }
  })
})

describe("metrics along another", () => {
  it("keep their places where one lacks it, so that the web UI draws none under the name of another", async () => {
    const { server } = await goldenStore()
    const run = "a".repeat(32)
    const slice = [0, 6, 1]
    const traces = [
      { name: "loss", context: {}, slice },
      { name: "loss", context: { subset: "train" }, slice },
    ]
    const body = { align_by: "step_time", runs: [{ run_id: run, traces }] }
    const reply = await ask(server, { method: "POST", path: "/api/v1/rest/runs/search/metric/align/", query: {}, body })
    const aligned = (decodeTree(reply.rawPayload) as ReadonlyMap<string, readonly ReadonlyMap<string, unknown>[]>).get(run) ?? []
    expect(aligned.map((one) => [one.get("name"), [...one.keys()].length, one.has("x_axis_iters")])).toEqual([
      ["loss", 2, false],
      ["loss", 4, true],
    ])
  })
})
