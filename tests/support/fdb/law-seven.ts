/** Law 7 for a store: the same log gives the keys and values that the embedded store has. */
import fc from "fast-check"
import type { Layer } from "effect"
import { expect, it } from "vitest"
import type { KeyValueStore } from "../../../domain/ports/key-value-store.ts"
import { catalog } from "../../../events/index.ts"
import { rowText } from "../../../projections/dump.ts"
import { bed, recorded } from "../folding.ts"
import { goldenStore } from "../golden-store.ts"
import { aHistory, type History } from "../histories.ts"

export const lawSeven = (name: string, fresh: () => Layer.Layer<KeyValueStore, unknown>, runs: number): void => {
  it(`Law 7: ${name} and the embedded store hold equal rows after any history`, async () => {
    await fc.assert(
      fc.asyncProperty(aHistory(), async (history) => {
        expect(await rowsOf(history, fresh)).toEqual(await rowsOf(history))
      }),
      { numRuns: runs },
    )
  })

  it(`Law 7: ${name} and the embedded store hold equal rows after the golden messages`, async () => {
    const events = await (await goldenStore()).events()
    const of = (topic: "data-ingestion" | "control-events") => ({
      topic,
      partition: 0,
      records: recorded(
        topic,
        0,
        events.filter((event) => catalog[event.type].topic === topic),
      ),
    })
    const history = [of("control-events"), of("data-ingestion")].filter(({ records }) => records.length > 0)
    const rows = await rowsOf(history)
    expect(rows.length).toBeGreaterThan(100)
    expect(await rowsOf(history, fresh)).toEqual(rows)
  })
}

/** Every row as text and as bytes. */
const rowsOf = async (history: History, fresh?: () => Layer.Layer<KeyValueStore, unknown>): Promise<readonly string[]> => {
  const store = await bed(fresh)
  try {
    for (const batch of history) await store.fold(batch, batch.records)
    await store.settle()
    return (await store.dump()).map((row) => `${rowText(row)}\t${hex(row.key)}\t${hex(row.value)}`)
  } finally {
    await store.close()
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
