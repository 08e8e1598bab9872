import { expect, it } from "vitest"
import type { Recorded } from "../../../events/index.ts"
import { orphaned } from "../../../projections/trash.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"

const data = { topic: "data-ingestion", partition: 0 } as const
const control = { topic: "control-events", partition: 0 } as const

it("a deletion whose objects are gone waits for nothing, whichever of the two topics is folded first", async () => {
  const deletion = stamped({ type: "RunDeleted", data: { runId: "run" } }, 2)
  const run = recorded("data-ingestion", 0, [
    stamped({ type: "RunCreated", data: { runId: "run", clientStart: null } }, 1),
    deletion,
    stamped({ type: "RunPurged", data: { runId: "run", deletion: deletion.meta.id } }, 3),
  ])
  const purged = { type: "BlobsPurged", data: { runId: "run", deletion: deletion.meta.id, removed: 1 } } as const
  // Said twice, as by two workers.
  const objects = recorded("control-events", 0, [stamped(purged, 4), stamped(purged, 5)])
  const state = async (parts: readonly (readonly [typeof data | typeof control, readonly Recorded[]])[]) => {
    const store = await bed()
    for (const [partition, records] of parts) await store.fold(partition, records)
    const left = await store.read((rows) => orphaned(rows, { limit: 10 }))
    const text = await store.text()
    await store.close()
    return { left: left.length, text }
  }
  const inOrder = await state([
    [data, run],
    [control, objects],
  ])
  expect(await state([[data, run]])).toMatchObject({ left: 1 })
  expect(inOrder).toMatchObject({ left: 0 })
  expect(
    await state([
      [control, objects],
      [data, run],
    ]),
  ).toEqual(inOrder)
  expect(
    await state([
      [control, objects.slice(0, 1)],
      [data, run],
      [control, objects.slice(1)],
    ]),
  ).toEqual(inOrder)
})
