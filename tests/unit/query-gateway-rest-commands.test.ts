import type { FastifyInstance, InjectOptions } from "fastify"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { decide } from "../../gateways/decide.ts"
import { FaultyLog } from "../support/faulty-log.ts"
import { type GoldenStore, goldenStore } from "../support/golden-store.ts"

const rest = "/api/v1/rest"
const [runA, runB] = ["a", "b"].map((letter) => letter.repeat(32))
type Method = NonNullable<InjectOptions["method"]>

const ask = async (server: FastifyInstance, method: Method, path: string, payload?: object) => {
  const reply = await server.inject({ method, url: rest + path, ...(payload === undefined ? {} : { payload }) })
  return { status: reply.statusCode, body: reply.body === "" ? null : JSON.parse(reply.body), headers: reply.headers }
}

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

describe("commands", () => {
  test("are answered with their own write visible", async () => {
    const { server } = await goldenStore()
    await ask(server, "PUT", `/runs/${runA}`, { name: "renamed", description: "d", experiment: "exp3", active: false })
    const { body } = await ask(server, "GET", `/runs/${runA}/info`)
    expect(body.props).toMatchObject({ name: "renamed", description: "d", experiment: { name: "exp3" }, active: false })
    expect(body.props.end_time).toBe(1_767_226_600)
    await ask(server, "PUT", `/runs/${runA}`, { active: true, experiment: "" })
    const again = await ask(server, "GET", `/runs/${runA}/info`)
    expect(again.body.props).toMatchObject({ active: true, end_time: null, experiment: { id: null, name: null } })
  })

  test("are answered 202 with their positions while no projector follows", async () => {
    const blind = await goldenStore({ projecting: "until-made", waitMillis: 20 })
    const { status, body, headers } = await ask(blind.server, "POST", "/tags", { name: "unseen" })
    expect([status, body]).toEqual([202, { status: "accepted", positions: ["control-events/0/0"] }])
    expect(headers["x-matyan-position"]).toBe("control-events/0/0")
    expect((await blind.events()).map(({ type }) => type)).toEqual(["TagCreated"])
    // The name is given away, though nothing shows it yet.
    expect((await ask(blind.server, "POST", "/tags", { name: "unseen" })).body.message).toBe(
      "Tag with name 'unseen' already exists",
    )
  })

  test("of many that create one name at once, one is obeyed", async () => {
    const { server, events } = await goldenStore()
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(server, "POST", "/experiments", { name: "one" })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 400)])
    expect((await events()).filter(({ type }) => type === "ExperimentCreated")).toHaveLength(1)
  })

  test("a rename to a taken name is refused as a creation is", async () => {
    const { server } = await goldenStore()
    const { body: made } = await ask(server, "POST", "/experiments", { name: "exp2" })
    const renamed = await ask(server, "PUT", `/experiments/${made.id}`, { name: "exp1" })
    expect([renamed.status, renamed.body.detail]).toEqual([400, "Experiment with name 'exp1' already exists"])
    await ask(server, "PUT", `/experiments/${made.id}`, { archived: true, description: "kept" })
    await ask(server, "PUT", `/experiments/${made.id}`, { name: "exp3" })
    expect((await ask(server, "GET", `/experiments/${made.id}`)).body).toMatchObject({
      name: "exp3",
      archived: true,
      description: "kept",
    })
  })

  test("many at once all land, in spite of one writer's numbering", async () => {
    const { server } = await goldenStore()
    const names = Array.from({ length: 20 }, (_, i) => `t${i}`)
    await Promise.all(names.map((name) => ask(server, "POST", `/runs/${runA}/tags/new`, { tag_name: name })))
    const { body } = await ask(server, "GET", `/runs/${runA}/info`)
    expect(body.props.tags.map(({ name }: { readonly name: string }) => name).sort()).toEqual([...names, "prod"].sort())
  })

  test("a deleted run is gone everywhere at once, until its tombstone is lifted and it begins anew", async () => {
    const { server } = await goldenStore()
    await ask(server, "DELETE", `/runs/${runA}`)
    for (const path of [`/runs/${runA}/info`, `/runs/${runA}/artifacts/download-all`])
      expect((await ask(server, "GET", path)).status).toBe(404)
    expect((await ask(server, "DELETE", `/runs/${runA}`)).status).toBe(404)
    expect((await server.inject(`${rest}/runs/${runA}/logs`)).rawPayload.length).toBe(0)
    expect((await ask(server, "GET", "/projects/activity")).body.num_runs).toBe(2)
    expect((await ask(server, "POST", `/runs/${runA}/clear-tombstone`)).status).toBe(204)
    expect((await ask(server, "GET", `/runs/${runA}/info`)).status).toBe(404)
    expect((await ask(server, "GET", `/runs/${runB}/info`)).status).toBe(200)
  })

  test("what all runs have in common is read anew when it has changed", async () => {
    const { server } = await goldenStore()
    expect((await ask(server, "GET", "/projects/params?sequence=metric")).body.metric.loss).toHaveLength(2)
    await ask(server, "DELETE", `/runs/${runB}`)
    expect((await ask(server, "GET", "/projects/params?sequence=metric")).body.metric.loss).toEqual([{ subset: "train" }])
  })

  test("numbers of an app's state and of pinned contexts come back as they were written", async () => {
    const { server } = await goldenStore()
    const json = { "content-type": "application/json" }
    const payload = '{"type":"m","state":{"a":1.0,"b":1,"c":12345678901234567890,"d":1e-9}}'
    const made = await server.inject({ method: "POST", url: `${rest}/apps`, payload, headers: json })
    expect(made.body).toContain('"state":{"a":1.0,"b":1,"c":12345678901234567890,"d":1e-09}')
    const pins = '{"sequences":[{"name":"loss","context":{"k":1.0}}]}'
    const pinned = await server.inject({ method: "POST", url: `${rest}/projects/pinned-sequences`, payload: pins, headers: json })
    expect(pinned.body).toBe(pins)
  })

  test("while nothing is projected yet, requests are told to come again", async () => {
    const { server } = await goldenStore({ projecting: false, seeded: false })
    const { status, headers } = await ask(server, "GET", "/experiments")
    expect([status, headers["retry-after"]]).toEqual([503, "1"])
    expect((await server.inject("/health/live")).statusCode).toBe(200)
    expect((await server.inject("/health/ready")).statusCode).toBe(503)
  })

  test("a name that was given up and taken again is another's at once", async () => {
    const { server } = await goldenStore()
    const create = async (name: string) => (await ask(server, "POST", "/experiments", { name })).body.id as string
    let former = await create("base")
    for (let round = 0; round < 5; round++) {
      if (round % 2 === 0) await ask(server, "PUT", `/experiments/${former}`, { name: `base before ${round}` })
      else await ask(server, "DELETE", `/experiments/${former}`)
      const next = await create("base")
      expect(next).not.toBe(former)
      await ask(server, "PUT", `/runs/${runB}`, { experiment: "base" })
      expect((await ask(server, "GET", `/runs/${runB}/info`)).body.props.experiment).toMatchObject({ id: next, name: "base" })
      former = next
    }
    const { body } = await ask(server, "GET", "/experiments/search?q=base")
    expect(body.map(({ name }: { readonly name: string }) => name).sort()).toEqual([
      "base",
      "base before 0",
      "base before 2",
      "base before 4",
    ])
  })

  test("nothing is decided on a name while its reading from the log and the projections disagree", async () => {
    const { server, read } = await goldenStore()
    const { body } = await ask(server, "POST", "/experiments", { name: "old" })
    await ask(server, "PUT", `/experiments/${body.id}`, { name: "new" })
    const behind = { bind: () => body.id as string, isGiven: async () => false }
    expect(await read((rows) => decide(rows, { _tag: "CreateExperiment", name: "old" }, behind))).toEqual({
      behind: "experiment",
    })
    await ask(server, "DELETE", `/experiments/${body.id}`)
    expect(await read((rows) => decide(rows, { _tag: "CreateExperiment", name: "new" }, behind))).toEqual({
      behind: "experiment",
    })
  })

  test("while the log is away they are told to come again, and state nothing when it is back", async () => {
    const log = new FaultyLog()
    const { server, events } = await goldenStore({ log })
    const before = (await events()).length
    log.mode = "away"
    const { status, headers, body } = await ask(server, "PUT", `/runs/${runA}`, { name: "lost" })
    expect([status, headers["retry-after"], body.error.code]).toEqual([503, "1", "error"])
    log.release()
    expect((await events()).length).toBe(before)
    expect((await ask(server, "PUT", `/runs/${runA}`, { name: "found" })).status).toBe(200)
    expect((await ask(server, "GET", `/runs/${runA}/info`)).body.props.name).toBe("found")
  })

  test("one whose append was lost on the way back can be sent again without harm", async () => {
    const log = new FaultyLog()
    const { server } = await goldenStore({ log })
    log.mode = "lost"
    expect((await ask(server, "POST", "/experiments", { name: "twice" })).status).toBe(503)
    log.release()
    const again = await ask(server, "POST", "/experiments", { name: "twice" })
    // It may be done already, which is then said; or it is done now, to the same experiment.
    expect([200, 400]).toContain(again.status)
    const { body } = await ask(server, "GET", "/experiments/search?q=twice")
    expect(body).toHaveLength(1)
  })
})
