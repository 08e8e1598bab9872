/** Restoring and rewinding runs over HTTP. */
import { Effect } from "effect"
import { describe, expect, test } from "vitest"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import { ask } from "../support/ask.ts"
import { goldenStore } from "../support/golden-store.ts"
import { append, projected } from "../support/projected.ts"

const [runA, runB] = ["a", "b"].map((letter) => letter.repeat(32)) as [string, string]

describe("the trash", () => {
  test("tells what can be restored until when, page by page, and a restored run is as it was", async () => {
    const { server, run } = await goldenStore()
    const rowsBefore = withoutHistory(await run(projected))
    const { body: before } = await ask(server, "GET", `/runs/${runA}/info`)
    await ask(server, "POST", "/runs/delete-batch", [runA, runB])
    expect((await ask(server, "GET", `/runs/${runA}/info`)).status).toBe(404)
    const { body: first } = await ask(server, "GET", "/trash/?limit=1")
    expect(first.next).toBe(runA)
    expect(first.runs).toEqual([
      {
        id: runA,
        name: before.props.name,
        experiment: { id: before.props.experiment.id, name: before.props.experiment.name },
        deleted_at: expect.any(Number),
        purge_due_at: first.runs[0].deleted_at + 168 * 3_600,
        restorable: true,
      },
    ])
    const { body: second } = await ask(server, "GET", `/trash/?limit=2&cursor=${first.next}`)
    expect([second.runs.map(({ id }: { id: string }) => id), second.next]).toEqual([[runB], null])
    expect(await ask(server, "POST", `/runs/${runA}/restore/`)).toMatchObject({ status: 200, body: { id: runA, status: "OK" } })
    expect((await ask(server, "POST", "/runs/restore-batch/", [runB, "ghost", runB])).status).toBe(200)
    expect((await ask(server, "GET", `/runs/${runA}/info`)).body).toEqual(before)
    expect((await ask(server, "GET", "/trash")).body).toEqual({ runs: [], next: null })
    expect(withoutHistory(await run(projected))).toEqual(rowsBefore)
  })

  test("gives no run back that was purged, and none that is not deleted needs it", async () => {
    const { server, run, events } = await goldenStore()
    await ask(server, "DELETE", `/runs/${runA}`)
    const deletion = (await events()).find(({ type }) => type === "RunDeleted")!.meta.id
    const purge = append([{ type: "RunPurged", data: { runId: runA, deletion } }])
    await run(Effect.flatMap(makeCaughtUp, (caughtUp) => Effect.flatMap(purge, caughtUp)))
    const refused = await ask(server, "POST", `/runs/${runA}/restore`)
    expect([refused.status, refused.body.error.code]).toEqual([410, "gone"])
    expect(refused.body.message).toContain("its data is gone")
    const count = (await events()).length
    expect((await ask(server, "POST", `/runs/${runB}/restore`)).status).toBe(200)
    expect((await ask(server, "POST", "/runs/ghost/restore")).status).toBe(404)
    expect((await ask(server, "POST", "/runs/restore-batch", [runA, runB])).status).toBe(200)
    expect((await events()).length).toBe(count)
    const { body } = await ask(server, "GET", "/trash")
    expect(body.runs).toMatchObject([{ id: runA, name: null, experiment: null, purge_due_at: null, restorable: false }])
  })

  test("refuses pages of no size", async () => {
    const { server } = await goldenStore()
    for (const limit of ["0", "1001", "x"]) expect((await ask(server, "GET", `/trash?limit=${limit}`)).status).toBe(422)
  })
})

describe("rewinding", () => {
  test("drops what stands above the step", async () => {
    const { server } = await goldenStore()
    const asked = [{ name: "loss", context: { subset: "train" } }]
    const metric = () => ask(server, "POST", `/runs/${runA}/metric/get-batch`, asked)
    const { body: before } = await metric()
    expect(before[0].iters.length).toBeGreaterThan(2)
    const to = before[0].iters[1]
    expect((await ask(server, "POST", `/runs/${runA}/rewind/`, { step: to })).body).toEqual({ id: runA, status: "OK" })
    expect((await metric()).body[0].iters).toEqual(before[0].iters.slice(0, 2))
    expect((await metric()).body[0].values).toEqual(before[0].values.slice(0, 2))
  })

  test("is refused for what is no step and no run", async () => {
    const { server, events } = await goldenStore()
    const count = (await events()).length
    for (const body of [{ step: 1.5 }, { step: -2 }, { step: "1" }, {}, undefined])
      expect((await ask(server, "POST", `/runs/${runA}/rewind`, body)).status).toBe(422)
    for (const step of [1.5, 1e308, 2 ** 53, -(2 ** 53)])
      expect((await ask(server, "POST", `/runs/${runA}/rewind`, { step })).body.detail).toBe("Input should be a valid integer")
    expect((await ask(server, "POST", "/runs/ghost/rewind", { step: 1 })).status).toBe(404)
    expect((await events()).length).toBe(count)
  })
})

/** All rows but what tells of the run's past, and the time of its last change. */
const withoutHistory = (text: string): readonly string[] =>
  text.split("\n").filter((row) => !/"positions"|"updated_at"|"blobs_purged"/.test(row))
