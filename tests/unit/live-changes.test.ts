import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { keyOf, type Recorded } from "../../events/index.ts"
import { type Change, Changes } from "../../projections/live-changes.ts"
import { meaningOf } from "../../projections/live-meanings.ts"
import { recorded, stamped } from "../support/folding.ts"
import { aHistory } from "../support/histories.ts"

const changesOf = (records: readonly Recorded[]): readonly Change[] => {
  const changes = new Changes()
  for (const record of records) changes.add(record)
  return changes.list()
}

/** How many points each sequence was told to have got. */
const countsOf = (changes: readonly Change[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const change of changes)
    if (change.topic === "points")
      for (const { contextId, name, count } of change.sequences) {
        const key = `${change.run} ${contextId} ${name}`
        counts[key] = (counts[key] ?? 0) + count
      }
  return counts
}

/** What was told of each run's life, in order; changes in a row count as one. */
const livesOf = (changes: readonly Change[]): Readonly<Record<string, readonly string[]>> => {
  const lives: Record<string, string[]> = {}
  for (const change of changes) {
    if (change.topic !== "runs") continue
    const life = (lives[change.run] ??= [])
    if (change.change !== "changed" || life.at(-1) !== "changed") life.push(change.change)
  }
  return lives
}

const logged = (runId: string, name: string, count: number) =>
  stamped(
    {
      type: "PointsLogged",
      data: {
        runId,
        name,
        contextId: 0,
        context: Uint8Array.of(0x80),
        dtype: "float",
        values: Array.from({ length: count }, () => 1),
        steps: [],
        epochs: [],
        firstTime: 0,
        timeOffsets: Array.from({ length: count }, () => 0),
      },
    },
    1,
  )

describe("the changes of a stretch", () => {
  test("however the log is cut: every point is counted once, and every run's life is told in order", () =>
    fc.assert(
      fc.property(aHistory(), fc.array(fc.nat(20), { maxLength: 6 }), (history, cuts) => {
        for (const { records } of history) {
          const parts: Change[] = []
          let from = 0
          for (const size of [...cuts, records.length]) {
            parts.push(...changesOf(records.slice(from, from + size)))
            from += size
          }
          const each = records.flatMap((record) => changesOf([record]))
          expect(countsOf(parts)).toEqual(countsOf(each))
          expect(livesOf(parts)).toEqual(livesOf(each))
        }
      }),
    ))

  test("tell of everything that is of any meaning", () =>
    fc.assert(
      fc.property(aHistory(), (history) => {
        for (const { records } of history) {
          const changes = changesOf(records)
          for (const record of records) {
            const meaning = meaningOf(record)
            if (meaning === null) continue
            const isTold = changes.some(
              (change) =>
                change.topic === meaning.topic &&
                (change.topic === "entities" ? "id" in meaning && change.id === meaning.id : change.run === keyOf(record)),
            )
            expect(isTold).toBe(true)
          }
        }
      }),
    ))

  test("tell of the points of a run once, where the last of them was", () => {
    const events = [
      logged("a", "loss", 2),
      stamped({ type: "RunRenamed", data: { runId: "a", name: "x" } }, 2),
      logged("b", "loss", 1),
      logged("a", "acc", 1),
      logged("a", "loss", 3),
    ]
    const changes = changesOf(recorded("data-ingestion", 0, events))
    expect(changes.map((change) => [change.topic, "run" in change && change.run])).toEqual([
      ["runs", "a"],
      ["points", "b"],
      ["points", "a"],
    ])
    expect(countsOf(changes)).toEqual({ "a 0 loss": 5, "a 0 acc": 1, "b 0 loss": 1 })
  })

  test("tell of the entities that a run begins to belong to", () => {
    const events = [
      stamped({ type: "RunTagged", data: { runId: "a", tagId: "t", name: "x" } }, 1),
      stamped({ type: "RunExperimentSet", data: { runId: "a", experimentId: "e", name: "x" } }, 1),
      stamped({ type: "RunExperimentSet", data: { runId: "a", experimentId: null, name: null } }, 1),
    ]
    expect(changesOf(recorded("data-ingestion", 0, events))).toEqual([
      { topic: "entities", kind: "tag", id: "t", change: "changed" },
      { topic: "entities", kind: "experiment", id: "e", change: "changed" },
      { topic: "runs", run: "a", change: "changed", at: 1 },
    ])
  })

  test("pass over what cannot be decoded", () => {
    const changes = new Changes()
    const position = { topic: "data-ingestion", partition: 0, offset: 0 } as const
    changes.add({ type: "Undecodable", position, key: "a", bytes: new Uint8Array(), reason: "no schema" })
    expect([changes.size, changes.list()]).toEqual([0, []])
  })
})
