/** Who changed what and when, over HTTP. */
import { Effect } from "effect"
import { describe, expect, test } from "vitest"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { AnyEvent, AnyFact } from "../../events/index.ts"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import { ask } from "../support/ask.ts"
import { stamped } from "../support/folding.ts"
import { goldenStore, type GoldenStore } from "../support/golden-store.ts"

const runA = "a".repeat(32)
const runId = "run"

interface Entry {
  readonly position: string
  readonly id: string
  readonly type: string
  readonly effect: boolean
  readonly changes: readonly { readonly what: string; readonly before?: unknown; readonly after: unknown }[]
  readonly points?: object
}

const logged = async ({ run }: GoldenStore, ...events: readonly AnyEvent[]): Promise<void> => {
  const appended = EventLog.use((log) => log.append(events))
  await run(Effect.flatMap(makeCaughtUp, (caughtUp) => Effect.flatMap(appended, caughtUp)))
}
let seq = 0
const event = (fact: AnyFact, at = 5): AnyEvent => stamped(fact, at, { writer: "w", seq: seq++, actor: "ada", cause: "req-1" })
const named = (name: string): AnyEvent => event({ type: "RunRenamed", data: { runId, name } })
const points = (steps: readonly number[]): AnyEvent =>
  event({
    type: "PointsLogged",
    data: {
      runId,
      name: "loss",
      contextId: contextId(new Map([["subset", "train"]])),
      context: encodeValue(new Map([["subset", "train"]])),
      dtype: "float",
      values: steps.map(() => 1),
      steps,
      epochs: [],
      firstTime: 1,
      timeOffsets: steps.map(() => 0),
    },
  })

const history = async ({ server }: GoldenStore, path: string): Promise<{ entries: readonly Entry[]; next: number | null }> => {
  const { status, body } = await ask(server, "GET", path)
  expect([status, body.message]).toEqual([200, undefined])
  return body
}

/** All pages, put together. */
const whole = async (store: GoldenStore, path: string, limit: number): Promise<readonly Entry[]> => {
  const all: Entry[] = []
  for (let cursor: number | null = -1; cursor !== null;) {
    const page = await history(store, `${path}limit=${limit}${cursor < 0 ? "" : `&cursor=${cursor}`}`)
    all.push(...page.entries)
    cursor = page.next
  }
  return all
}

describe("the history of a run", () => {
  test("tells of each event who stated it and what changed from what to what, repeats left out", async () => {
    const store = await goldenStore({ seeded: false })
    const first = named("one")
    await logged(
      store,
      first,
      first,
      points([3, 1, 2]),
      named("two"),
      named("two"),
      event({ type: "RunDeleted", data: { runId } }),
    )
    await logged(store, named("late"), event({ type: "RunRestored", data: { runId } }))
    await logged(store, event({ type: "RunRewound", data: { runId, step: 1 } }))
    const { entries, next } = await history(store, `/runs/${runId}/history/?order=oldest`)
    expect(next).toBeNull()
    expect(entries.map(({ type, effect, changes }) => [type, effect, changes])).toEqual([
      [
        "RunRenamed",
        true,
        [
          { what: "state", before: "absent", after: "present" },
          { what: "name", before: "Run: run", after: "one" },
        ],
      ],
      ["PointsLogged", true, []],
      ["RunRenamed", true, [{ what: "name", before: "one", after: "two" }]],
      ["RunRenamed", false, []],
      ["RunDeleted", true, [{ what: "state", before: "present", after: "deleted" }]],
      ["RunRenamed", false, []],
      ["RunRestored", true, [{ what: "state", before: "deleted", after: "present" }]],
      ["RunRewound", true, [{ what: "rewound_to", before: null, after: 1 }]],
    ])
    expect(entries[0]).toMatchObject({ id: first.meta.id, at: 5, server_time: 5, actor: "ada", cause: "req-1" })
    expect(entries[1]?.points).toEqual({
      kind: "metric",
      name: "loss",
      context: { subset: "train" },
      count: 3,
      first_step: 1,
      last_step: 3,
    })
  })

  test("is the same page by page, in either order", async () => {
    const store = await goldenStore({ seeded: false })
    const events = Array.from({ length: 70 }, (_, i) => (i % 3 === 0 ? named(`n${i}`) : points([i])))
    await logged(store, ...events, events[69]!, ...Array.from({ length: 10 }, (_, i) => named(`m${i}`)))
    const all = await whole(store, `/runs/${runId}/history?order=oldest&`, 1_000)
    expect(all).toHaveLength(80)
    for (const limit of [1, 7, 40]) {
      expect(await whole(store, `/runs/${runId}/history?order=oldest&`, limit)).toEqual(all)
      expect(await whole(store, `/runs/${runId}/history?`, limit)).toEqual(all.toReversed())
    }
  })

  test("goes on telling after its data is gone, and of a life after that", async () => {
    const store = await goldenStore({ seeded: false })
    const one = named("one")
    const deletion = event({ type: "RunDeleted", data: { runId } })
    await logged(store, one, deletion)
    await logged(store, event({ type: "RunPurged", data: { runId, deletion: "another" } }))
    await logged(store, event({ type: "RunPurged", data: { runId, deletion: deletion.meta.id } }))
    await logged(store, event({ type: "RunRestored", data: { runId } }), event({ type: "TombstoneLifted", data: { runId } }))
    await logged(store, named("again"))
    const entries = (await history(store, `/runs/${runId}/history?order=oldest`)).entries.slice(2)
    expect(
      entries.map(({ type, effect, changes }) => [type, effect, changes.map(({ before, after }) => [before, after])]),
    ).toEqual([
      ["RunPurged", false, []],
      ["RunPurged", true, [["deleted", "purged"]]],
      ["RunRestored", false, []],
      ["TombstoneLifted", true, [["purged", "absent"]]],
      [
        "RunRenamed",
        true,
        [
          ["absent", "present"],
          ["Run: run", "again"],
        ],
      ],
    ])
  })

  test("tells attributes by their paths, and large values by their size alone", async () => {
    const store = await goldenStore({ seeded: false })
    const set = (path: readonly string[], value: string) =>
      event({ type: "AttributesSet", data: { runId, paths: [path], values: [encodeValue(value)] } })
    await logged(
      store,
      set(["hparams", "lr"], "a"),
      set(["hparams", "lr"], "b"),
      set(["hparams"], "c"),
      set(["note"], "x".repeat(5_000)),
    )
    const changes = (await history(store, `/runs/${runId}/history?order=oldest`)).entries
      .flatMap((entry) => entry.changes)
      .slice(1)
    expect(changes).toEqual([
      { what: "attributes/hparams/lr", before: null, after: "a" },
      { what: "attributes/hparams/lr", before: "a", after: "b" },
      // It may have held more than what is known of it.
      { what: "attributes/hparams", after: "c" },
      { what: "attributes/note", before: null, after: { omitted_bytes: 5_003 } },
    ])
  })

  test("of what the project says of it are its notes", async () => {
    const store = await goldenStore()
    await ask(store.server, "POST", `/runs/${runA}/note`, { content: "diverged" })
    const { entries } = await history(store, `/runs/${runA}/history?of=control`)
    expect(entries.map(({ type, changes }) => [type, changes.map(({ after }) => after)])).toEqual([["NoteCreated", ["diverged"]]])
  })

  test("of what was never there is not found, and wrong questions are refused", async () => {
    const { server } = await goldenStore()
    for (const kind of ["runs", "experiments", "tags", "notes", "dashboards", "apps", "reports"])
      expect((await ask(server, "GET", `/${kind}/ghost/history`)).status).toBe(404)
    for (const query of ["order=sideways", "limit=0", "limit=1001", "cursor=-1", "cursor=x", "of=all"])
      expect((await ask(server, "GET", `/runs/${runA}/history?${query}`)).status).toBe(422)
    expect((await ask(server, "GET", `/runs/${runA}/history?cursor=1000000`)).status).toBe(200)
  })
})

describe("the history of an entity", () => {
  test("goes from its making to its end", async () => {
    const store = await goldenStore()
    const { server } = store
    const { body } = await ask(server, "POST", "/tags", { name: "t", color: "red" })
    await ask(server, "PUT", `/tags/${body.id}`, { name: "u", color: "blue", archived: true })
    await ask(server, "DELETE", `/tags/${body.id}`)
    const { entries } = await history(store, `/tags/${body.id}/history?order=oldest`)
    expect(entries.map(({ changes }) => changes.map(({ what, before, after }) => [what, before, after]))).toEqual([
      [
        ["state", "absent", "present"],
        ["name", null, "t"],
        ["color", null, "red"],
        ["description", null, ""],
      ],
      [["name", "t", "u"]],
      [["color", "red", "blue"]],
      [["archived", null, true]],
      [["state", "present", "deleted"]],
    ])
  })

  test("of notes, dashboards, apps, reports and the project is told too", async () => {
    const store = await goldenStore()
    const { server } = store
    const typesOf = async (path: string) => (await history(store, path)).entries.map(({ type }) => type)
    const { body: app } = await ask(server, "POST", "/apps", { type: "metrics", state: { a: 1 } })
    await ask(server, "PUT", `/apps/${app.id}`, { state: { a: 2 } })
    expect((await history(store, `/apps/${app.id}/history`)).entries[0]?.changes).toEqual([
      { what: "state", before: { a: 1 }, after: { a: 2 } },
    ])
    const { body: report } = await ask(server, "POST", "/reports", { name: "r" })
    await ask(server, "DELETE", `/reports/${report.id}`)
    expect(await typesOf(`/reports/${report.id}/history`)).toEqual(["ReportDeleted", "ReportCreated"])
    const { body: note } = await ask(server, "POST", `/runs/${runA}/note`, { content: "x" })
    await ask(server, "PUT", `/runs/${runA}/note/${note.id}`, { content: "y" })
    expect((await history(store, `/notes/${note.id}/history`)).entries[0]?.changes).toEqual([
      { what: "content", before: "x", after: "y" },
    ])
    expect(await typesOf("/projects/history")).toEqual([])
  })

  test("says that a command which others overtook had no effect", async () => {
    const store = await goldenStore({ seeded: false })
    const created = (id: string, name: string) =>
      stamped({ type: "TagCreated", data: { id, name, color: "", description: "" } }, 1, { writer: id })
    const rename = stamped({ type: "TagRenamed", data: { id: "y", from: "b", name: "a" } }, 1, { writer: "z", seq: 0 })
    await logged(store, created("x", "a"), created("y", "b"), rename)
    const { entries } = await history(store, "/tags/y/history")
    expect(entries.map(({ type, effect }) => [type, effect])).toEqual([
      ["TagRenamed", false],
      ["TagCreated", true],
    ])
  })
})

describe("what rewinds took away", () => {
  test("is told by sequence and point by point, each rewind by itself", async () => {
    const store = await goldenStore({ seeded: false })
    const rewound = (step: number) => event({ type: "RunRewound", data: { runId, step } })
    await logged(store, points([0, 1, 2, 3]), rewound(1), points([2, 9]), rewound(1), points([2]))
    const { body } = await ask(store.server, "GET", `/runs/${runId}/superseded/`)
    expect(body).toMatchObject({
      rewinds: [
        { offset: 1, step: 1, actor: "ada" },
        { offset: 3, step: 1 },
      ],
      next: null,
    })
    const told = async (path: string) => (await ask(store.server, "GET", `/runs/${runId}/superseded/${path}`)).body
    const sequence = { name: "loss", context: { subset: "train" }, kind: "metric" }
    expect(await told("1/")).toEqual({ sequences: [{ ...sequence, count: 2, first_step: 2, last_step: 3 }] })
    expect(await told("3")).toEqual({ sequences: [{ ...sequence, count: 2, first_step: 2, last_step: 9 }] })
    const asked = `name=loss&context=${encodeURIComponent('{"subset":"train"}')}`
    expect(await told(`3?${asked}&limit=1`)).toEqual({
      name: "loss",
      context: { subset: "train" },
      iters: [2],
      values: [1],
      timestamps: [0.000001],
      epochs: [null],
      next: 2,
    })
    expect(await told(`3?${asked}&limit=1&cursor=2`)).toMatchObject({ iters: [9], next: null })
    expect(await told("3?name=loss")).toMatchObject({ iters: [], next: null })
  })

  test("is not found where no rewind stands, and wrong questions are refused", async () => {
    const store = await goldenStore({ seeded: false })
    await logged(store, points([0]), named("x"))
    const status = async (path: string) => (await ask(store.server, "GET", `/runs/${path}`)).status
    for (const path of [
      "run/superseded/0",
      "run/superseded/1",
      "run/superseded/99",
      "run/superseded/x",
      "run/superseded/0x0",
      "run/superseded/%200",
      "ghost/superseded/0",
    ])
      expect([path, await status(path)]).toEqual([path, 404])
    for (const query of ["context=1", "context=x", "limit=0", "limit=100001", "cursor=x"])
      expect([query, await status(`run/superseded/0?name=a&${query}`)]).toEqual([query, 422])
    expect((await ask(store.server, "GET", "/runs/run/superseded")).body).toEqual({ rewinds: [], next: null })
    expect(await status("ghost/superseded")).toBe(404)
  })
})
