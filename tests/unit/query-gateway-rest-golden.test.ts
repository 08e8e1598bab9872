import type { FastifyInstance, InjectOptions } from "fastify"
import { describe, expect, test } from "vitest"
import { parseJson } from "../../domain/json.ts"
import { Float, isMap, type Value } from "../../domain/value.ts"
import { goldenStore, readGolden } from "../support/golden-store.ts"
import { restDifferences } from "../support/rest-differences.ts"

interface Vector {
  readonly name: string
  readonly method: NonNullable<InjectOptions["method"]>
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly status: number
}

const vectors = JSON.parse(readGolden("rest.json")) as readonly Vector[]
const exact = exactly(readGolden("rest.json")) as readonly ReadonlyMap<string, Value>[]

describe("the recorded requests, in order", () => {
  test("are answered as recorded, but for the listed differences", async () => {
    const { server } = await goldenStore()
    const ids = new Map<string, string>()
    const failed: unknown[] = []
    for (const [i, vector] of vectors.entries()) {
      const { status, body } = await replay(server, vector, ids)
      const difference = restDifferences[vector.name]
      const recorded = exact[i]?.get("response") ?? null
      const wanted = difference?.response === undefined ? recorded : exactly(difference.response)
      learn(wanted, body, ids)
      const got = { status, body: comparable(status >= 400 ? withoutMessage(body) : body) }
      const want = { status: difference?.status ?? vector.status, body: comparable(mapped(wanted, ids)) }
      if (JSON.stringify(got) !== JSON.stringify(want)) failed.push({ name: vector.name, got, want })
    }
    expect(failed).toEqual([])
  })

  test("each listed difference names a recorded request and its reason", () => {
    for (const [name, { why }] of Object.entries(restDifferences)) {
      expect(vectors.map((vector) => vector.name)).toContain(name)
      expect(why.length).toBeGreaterThan(20)
    }
  })
})

const replay = async (server: FastifyInstance, vector: Vector, ids: ReadonlyMap<string, string>) => {
  const { method, headers, query } = vector
  const reply = await server.inject({
    method,
    headers: { ...headers, "content-type": "application/json" },
    query,
    url: translated(vector.path, ids),
    ...(vector.body === null ? {} : { payload: translated(JSON.stringify(vector.body), ids) }),
  })
  return { status: reply.statusCode, body: reply.body === "" ? null : exactly(reply.body) }
}

const translated = (text: string, ids: ReadonlyMap<string, string>): string =>
  text.replaceAll(/00000000-0000-4000-8000-[0-9a-f]{12}/g, (id) => ids.get(id) ?? id)

/** Ids count in the vectors and are drawn or bound by us: which is which is seen where they stand first. */
const learn = (recorded: Value, ours: Value, ids: Map<string, string>): void => {
  if (typeof recorded === "string" && typeof ours === "string") {
    if (/^00000000-0000-4000-8000-[0-9a-f]{12}$/.test(recorded) && !ids.has(recorded)) ids.set(recorded, ours)
  } else if (Array.isArray(recorded) && Array.isArray(ours))
    for (const [i, item] of (recorded as readonly Value[]).entries()) learn(item, (ours[i] as Value | undefined) ?? null, ids)
  else if (isMap(recorded) && isMap(ours)) for (const [key, item] of recorded) learn(item, ours.get(key) ?? null, ids)
}

const mapped = (value: Value, ids: ReadonlyMap<string, string>): Value => {
  if (typeof value === "string") return translated(value, ids)
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => mapped(item, ids))
  return isMap(value) ? new Map([...value].map(([key, item]) => [key, mapped(item, ids)])) : value
}

/** Every error says more to people in `message` (mending 10). */
const withoutMessage = (body: Value): Value => (isMap(body) ? new Map([...body].filter(([key]) => key !== "message")) : body)

/** Objects by their keys, and floats told from integers. */
const comparable = (value: Value): unknown => {
  if (value instanceof Float) return { float: value.value }
  if (Array.isArray(value)) return (value as readonly Value[]).map(comparable)
  if (!isMap(value)) return value
  return Object.fromEntries([...value].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, comparable(item)]))
}

function exactly(text: string): Value {
  const parsed = parseJson(text)
  if ("error" in parsed) throw new Error(parsed.error)
  return parsed.value
}
