/** Law 3 under faults: whatever happens to a transaction, before, within or after it, the same state comes out. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bed } from "../support/folding.ts"
import { chaos, type Fault } from "../support/chaos.ts"
import { aHistory, type History } from "../support/histories.ts"

const aFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constantFrom<Fault>("none", "lost", "unknown", "twice"),
  fc.integer({ min: 0, max: 30 }),
)

/** Folds with faults; a failed batch is tried again, as the projector does. */
const faulted = async (history: History, faults: readonly Fault[]): Promise<string> => {
  const left = [...faults]
  let armed = false
  const store = await bed(chaos(() => (armed ? (left.shift() ?? "none") : "none")))
  try {
    for (const log of history)
      for (let i = 0; i < log.records.length; i += 3) {
        armed = true
        const attempt = () => store.fold(log, log.records.slice(i, i + 3), 2)
        while ((await attempt().catch(() => undefined)) === undefined);
        armed = false
      }
    await store.settle(2)
    return await store.text()
  } finally {
    await store.close()
  }
}

describe("faults of the store", () => {
  it("Law 3: commits that are lost, unknown, repeated or cut in the middle leave the state that none of them leaves", async () => {
    await fc.assert(
      fc.asyncProperty(aHistory(40), fc.array(aFault, { minLength: 1, maxLength: 40 }), async (history, faults) => {
        expect(await faulted(history, faults)).toBe(await faulted(history, []))
      }),
      { numRuns: Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 60) },
    )
  })
})
