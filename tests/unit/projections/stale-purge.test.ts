import { expect, it } from "vitest"
import { trashed } from "../../../projections/trash.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

const partition = { topic: "data-ingestion", partition: 0 } as const
const runId = "run"

it("a purge that was stated for a deletion that was undone clears nothing, though the run is deleted again", async () => {
  const first = stamped({ type: "RunDeleted", data: { runId } }, 2)
  const second = stamped({ type: "RunDeleted", data: { runId } }, 4)
  const purgeOf = (deletion: string) => stamped({ type: "RunPurged", data: { runId, deletion } }, 5)
  const events = [
    stamped({ type: "RunRenamed", data: { runId, name: "kept" } }, 1),
    first,
    stamped({ type: "RunRestored", data: { runId } }, 3),
    second,
    purgeOf(first.meta.id),
    purgeOf(second.meta.id),
  ]
  const records = recorded("data-ingestion", 0, events)
  const store = await bed()
  await store.fold(partition, records.slice(0, 5))
  expect(await store.read((rows) => trashed(rows, { limit: 10 }))).toMatchObject([{ runId, deletion: second.meta.id }])
  expect(await store.read((rows) => rows.get("runs", [runId, "meta", "name", "__leaf__"]))).toBe("kept")
  await store.fold(partition, records.slice(5))
  expect(await store.read((rows) => rows.has("runs", [runId, "meta", "name", "__leaf__"]))).toBe(false)
  await store.close()
})
