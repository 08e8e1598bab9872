import { expect, it, onTestFinished } from "vitest"
import { type DumpedRow, dumpRows } from "../../../projections/dump.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"
import { created } from "../../support/jobs.ts"

it("a dump goes on behind any of its rows", async () => {
  const store = await bed()
  onTestFinished(() => store.close())
  const events = ["a", "b"].map((run) => stamped(created(run), 1))
  await store.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events))
  const rowsBehind = (after?: DumpedRow) =>
    store.read(async (rows) => {
      const all: DumpedRow[] = []
      for await (const chunk of dumpRows(rows, after)) all.push(...chunk)
      return all
    })
  const all = await rowsBehind()
  expect(new Set(all.map(({ space }) => space)).size).toBeGreaterThan(1)
  for (const [i, row] of all.entries()) expect(await rowsBehind(row)).toEqual(all.slice(i + 1))
})
