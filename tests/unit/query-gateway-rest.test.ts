import type { FastifyInstance } from "fastify"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ask, type Method } from "../support/ask.ts"
import { type GoldenStore, goldenStore } from "../support/golden-store.ts"

const rest = "/api/v1/rest"
const runA = "a".repeat(32)

const unknown: readonly (readonly [Method, string, object?])[] = [
  ["PUT", "/runs/ghost", { name: "n", archived: true, experiment: "new", active: false }],
  ["DELETE", "/runs/ghost"],
  ["POST", "/runs/ghost/tags/new", { tag_name: "t" }],
  ["DELETE", "/runs/ghost/tags/x"],
  ["DELETE", `/runs/${runA}/tags/ghost`],
  ["POST", "/runs/ghost/note", { content: "c" }],
  ["PUT", `/runs/${runA}/note/ghost`, { content: "c" }],
  ["DELETE", `/runs/${runA}/note/ghost`],
  ["PUT", "/experiments/ghost", { name: "n", archived: true }],
  ["DELETE", "/experiments/ghost"],
  ["POST", "/experiments/ghost/note", { content: "c" }],
  ["PUT", "/tags/ghost", { name: "n" }],
  ["DELETE", "/tags/ghost"],
  ["PUT", "/dashboards/ghost", { name: "n" }],
  ["DELETE", "/dashboards/ghost"],
  ["PUT", "/apps/ghost", { type: "t" }],
  ["DELETE", "/apps/ghost"],
  ["PUT", "/reports/ghost", { name: "n" }],
  ["DELETE", "/reports/ghost"],
]

const malformed: readonly (readonly [Method, string, object?])[] = [
  ["PUT", `/runs/${runA}`, { name: 5 }],
  ["PUT", `/runs/${runA}`, []],
  ["POST", "/runs/delete-batch", { ids: [runA] }],
  ["POST", "/runs/archive-batch?archive=perhaps", [runA]],
  ["POST", `/runs/${runA}/tags/new`, {}],
  ["POST", `/runs/${runA}/tags/new`, { tag_name: "  " }],
  ["POST", "/experiments", { name: "x".repeat(600) }],
  ["POST", "/experiments", { name: null }],
  ["POST", "/tags", { name: "t", color: 1 }],
  ["POST", "/apps", { type: "t", state: [] }],
  ["POST", "/apps", { type: "t" }],
  ["POST", "/projects/pinned-sequences", { sequences: [{ name: "loss" }] }],
  ["POST", `/runs/${runA}/note`, { content: ["c"] }],
]

describe("Law 10: a refused or malformed command leaves no trace but its answer", () => {
  let server: FastifyInstance
  let events: GoldenStore["events"]
  beforeAll(async () => {
    ;({ server, events } = await goldenStore({}, afterAll))
  })

  test("commands on unknown ids are answered 404 and append nothing", async () => {
    const before = (await events()).length
    for (const [method, path, payload] of unknown) {
      const { status, body } = await ask(server, method, path, payload)
      expect([method, path, status, body.error]).toEqual([method, path, 404, { code: "not_found", message: "Not Found" }])
      expect(body.message).toMatch(/not found/i)
    }
    expect((await events()).length).toBe(before)
  })

  test("batches and clear-tombstone pass over unknown ids", async () => {
    const before = (await events()).length
    for (const path of ["/runs/delete-batch", "/runs/finish-batch", "/runs/archive-batch"])
      expect(await ask(server, "POST", path, ["ghost", "", "a/b", "x".repeat(5_000)])).toMatchObject({
        status: 200,
        body: { status: "OK" },
      })
    expect((await ask(server, "POST", "/runs/ghost/clear-tombstone")).status).toBe(204)
    expect((await events()).length).toBe(before)
    expect((await ask(server, "GET", "/runs/ghost/info")).status).toBe(404)
  })

  test("bodies of the wrong form are answered 422 in words that name the field", async () => {
    const before = (await events()).length
    for (const [method, path, payload] of malformed) {
      const { status, body } = await ask(server, method, path, payload)
      expect([method, path, status, body.error?.code]).toEqual([method, path, 422, "validation_error"])
    }
    expect((await events()).length).toBe(before)
    const { body } = await ask(server, "POST", "/tags", { color: 1 })
    expect(body.error.message).toBe("Field required; Input should be a valid string")
    expect(body.message).toBe("body.name: Field required; body.color: Input should be a valid string")
    const text = await server.inject({
      method: "POST",
      url: `${rest}/tags`,
      payload: "{",
      headers: { "content-type": "application/json" },
    })
    expect(text.statusCode).toBe(422)
  })
})
