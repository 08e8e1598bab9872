import { expect, it } from "vitest"
import type { AnyFact } from "../../../events/index.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

const runId = "run"
const first: readonly AnyFact[] = [
  { type: "RunRenamed", data: { runId, name: "a" } },
  { type: "RunArchived", data: { runId } },
  { type: "RunFinished", data: { runId, finishedAt: null } },
]

it("what is said of a run again, later and by another, changes no row of it", async () => {
  const store = await bed()
  const rows = async () => (await store.text()).split("\n").filter((row) => !row.includes('["positions",'))
  const fold = (facts: readonly AnyFact[], at: number, from: number) =>
    store.fold(
      { topic: "data-ingestion", partition: 0 },
      recorded(
        "data-ingestion",
        0,
        facts.map((fact) => stamped(fact, at)),
        from,
      ),
    )
  await fold(first, 10, 0)
  const before = await rows()
  await fold(first, 20, first.length)
  expect(await rows()).toEqual(before)
  await store.close()
})
