import { describe, expect, test } from "vitest"
import type { Command } from "../../domain/commands.ts"
import { decide, lostRace } from "../../gateways/decide.ts"
import { ask } from "../support/ask.ts"
import { FaultyLog } from "../support/faulty-log.ts"
import { goldenStore } from "../support/golden-store.ts"
import { until } from "../support/wait.ts"

const rest = "/api/v1/rest"
const [runA, runB] = ["a", "b"].map((letter) => letter.repeat(32))

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
    const blind = await goldenStore({ projecting: "until-made", waitMillis: 1_000 })
    const { status, body, headers } = await ask(blind.server, "POST", "/tags", { name: "unseen" })
    const id = blind.bind("tag", "unseen")
    expect([status, body]).toEqual([202, { status: "accepted", positions: ["control-events/0/0"], id }])
    expect([headers["x-matyan-position"], headers["x-matyan-id"]]).toEqual(["control-events/0/0", id])
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

  test("nothing is decided on a name by names that are behind what is shown", async () => {
    const { server, read } = await goldenStore()
    const { body } = await ask(server, "POST", "/experiments", { name: "old" })
    const behind = { bind: () => "id", bearer: () => undefined, next: () => 0, isGiven: async () => false }
    const wanted: readonly Command[] = [
      { _tag: "CreateExperiment", name: "old" },
      { _tag: "UpdateExperiment", id: body.id, name: "new", description: null, archived: null },
      { _tag: "TagRun", runId: runA ?? "", name: "old" },
    ]
    for (const command of wanted) expect(await read((rows) => decide(rows, command, behind))).toEqual({ behind: 1 })
    const known = { ...behind, next: () => 1 }
    expect(await read((rows) => decide(rows, wanted[0]!, known))).toMatchObject({ refused: { _tag: "NameTaken" } })
    expect(await read((rows) => decide(rows, { _tag: "DeleteExperiment", id: body.id }, behind))).toHaveProperty("facts")
  })

  test("of a name that is given in the log, though it is not shown yet, it is said that it is taken", async () => {
    const { read } = await goldenStore()
    const ahead = { bind: () => "e1", bearer: () => "e1", next: () => 9, isGiven: async () => false }
    expect(await read((rows) => decide(rows, { _tag: "CreateExperiment", name: "new" }, ahead))).toMatchObject({
      refused: { _tag: "NameTaken", kind: "experiment", name: "new" },
    })
  })

  test("a change of a run that was deleted on the way into the log is refused after all", async () => {
    const { server, read } = await goldenStore()
    await ask(server, "DELETE", `/runs/${runB}`)
    const lost = (command: Command) => read((rows) => lostRace(rows, command, { writer: "w", seq: 0 }))
    expect(await lost({ _tag: "TagRun", runId: runB ?? "", name: "t" })).toEqual({ _tag: "RunNotFound", id: runB })
    expect(await lost({ _tag: "TagRun", runId: runA ?? "", name: "t" })).toBeNull()
  })

  test("while the log is away they are told to come again, and state nothing when it is back", async () => {
    const log = new FaultyLog()
    const { server, events } = await goldenStore({ log })
    const before = (await events()).length
    log.mode = "away"
    const { status, headers, body } = await ask(server, "PUT", `/runs/${runA}`, { name: "lost" })
    expect([status, headers["retry-after"], body.error.code]).toEqual([503, "1", "outcome_unknown"])
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

  test("one that an append is lost of is appended again, and done once", async () => {
    const log = new FaultyLog()
    const { server, events } = await goldenStore({ log })
    const before = log.events.length
    log.mode = "lost"
    const answer = ask(server, "POST", "/experiments", { name: "once" })
    await until(
      "the first append",
      () => log.events.length,
      (count) => count > before,
    )
    log.release()
    expect((await answer).status).toBe(200)
    const made = (await events()).filter(({ type }) => type === "ExperimentCreated")
    expect(made.length).toBeGreaterThan(1)
    expect(new Set(made.map(({ meta }) => meta.id)).size).toBe(1)
  })
})
