/** The laws of folding, over generated histories of every event there is. */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { catalog, type Recorded } from "../../events/index.ts"
import { bed, withoutPositions } from "../support/folding.ts"
import { aHistory, type History } from "../support/histories.ts"

interface Cut {
  readonly topic: "data-ingestion" | "control-events"
  readonly partition: number
  readonly records: readonly Recorded[]
}

/** Folds batches in this order into a fresh store and gives its whole state, jobs done. */
const state = async (batches: readonly Cut[], sliceSize?: number): Promise<string> => {
  const store = await bed()
  try {
    for (const batch of batches) await store.fold(batch, batch.records, sliceSize)
    await store.settle(sliceSize)
    return await store.text()
  } finally {
    await store.close()
  }
}

/** Cuts every partition at will and interleaves the pieces at will; each partition keeps its order. */
const shuffled = (history: History, choices: readonly number[]): readonly Cut[] => {
  const left = history.map((log) => ({ ...log, records: [...log.records] }))
  const batches: Cut[] = []
  for (let i = 0; left.some(({ records }) => records.length > 0); i++) {
    const choice = choices[i % choices.length]!
    const open = left.filter(({ records }) => records.length > 0)
    const log = open[choice % open.length]!
    const records = log.records.splice(0, 1 + ((choice >> 4) % 4))
    batches.push({ ...log, records })
  }
  return batches
}

const choices = fc.array(fc.nat(255), { minLength: 1, maxLength: 30 })
const runs = Number(process.env["MATYAN_PROPERTY_RUNS"] ?? 25)

describe("folding", () => {
  it("Law 3: any cut into batches and any order between partitions and topics gives the same state", async () => {
    await fc.assert(
      fc.asyncProperty(aHistory(), choices, async (history, order) => {
        expect(await state(shuffled(history, order))).toBe(await state(history))
      }),
      { numRuns: runs },
    )
  })

  it("Law 3: renames and deletions that touch many runs settle to the same state in slices", async () => {
    await fc.assert(
      fc.asyncProperty(aHistory(60), choices, async (history, order) => {
        expect(await state(shuffled(history, order), 2)).toBe(await state(history))
      }),
      { numRuns: runs },
    )
  })

  it("Law 2: batches that are delivered again, whole or in part, change nothing", async () => {
    await fc.assert(
      fc.asyncProperty(aHistory(), choices, async (history, order) => {
        const batches = shuffled(history, order)
        const again = batches.flatMap((batch, i) =>
          order[i % order.length]! % 3 === 0 ? [batch, ...batches.slice(0, i + 1)] : [batch],
        )
        expect(await state(again)).toBe(await state(history))
      }),
      { numRuns: runs },
    )
  })

  it("Law 2: events that are appended again fold once", async () => {
    await fc.assert(
      fc.asyncProperty(aHistory(), async (history) => {
        const once = history.map((log) => ({ ...log, records: renumbered(withoutRepeats(log.records)) }))
        expect(withoutPositions(await state(history))).toBe(withoutPositions(await state(once)))
      }),
      { numRuns: runs },
    )
  })

  it("Law 4: a deleted run does not come back but by a restore or a lift", async () => {
    const comesBack = new Set(["RunRestored", "TombstoneLifted"])
    await fc.assert(
      fc.asyncProperty(aHistory(60), async (history) => {
        const final = history.map((log) => ({
          ...log,
          records: renumbered(log.records.filter(({ type }) => !comesBack.has(type))),
        }))
        const text = await state(withoutEmpty(final))
        for (const log of final)
          for (const { type, data } of log.records)
            if (type === "RunDeleted") {
              expect(text).toContain(`["_deleted",${JSON.stringify(data.runId)}]`)
              expect(indexRowsOf(text, data.runId)).toEqual([])
            }
      }),
      { numRuns: runs },
    )
  })

  it("a gap in a partition is refused, and nothing of it is folded", async () => {
    const store = await bed()
    const log = fc
      .sample(aHistory(40), { numRuns: 20, seed: 7 })
      .flat()
      .find(({ records }) => records.length > 2)
    const { records } = log!
    expect(await store.fold(log!, records.slice(0, 1))).toMatchObject({ _tag: "Folded" })
    const before = await store.text()
    expect(await store.fold(log!, records.slice(2))).toEqual({ _tag: "OutOfStep", checkpoint: 1 })
    expect(await store.text()).toBe(before)
    await store.close()
  })

  it("every event of the catalog occurs in the generated histories", () => {
    const seen = new Set(
      fc
        .sample(aHistory(60), { numRuns: 200, seed: 1 })
        .flat()
        .flatMap(({ records }) => records.map(({ type }) => type)),
    )
    expect(Object.keys(catalog).filter((type) => !seen.has(type as keyof typeof catalog))).toEqual([])
  })
})

const withoutRepeats = (records: readonly Recorded[]): readonly Recorded[] => {
  const seen = new Set<string>()
  return records.filter(({ meta }) => !seen.has(meta.id) && seen.add(meta.id))
}

const withoutEmpty = (history: History): History => history.filter(({ records }) => records.length > 0)

const renumbered = (records: readonly Recorded[]): readonly Recorded[] =>
  records.map((record, offset) => ({ ...record, position: { ...record.position, offset } }))

const indexRowsOf = (text: string, run: string): readonly string[] =>
  text.split("\n").filter((row) => row.startsWith("indexes") && row.includes(JSON.stringify(run)) && !row.includes("_deleted"))
