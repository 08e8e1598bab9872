import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Position } from "../../../events/index.ts"
import { FoldWork, type Taken } from "../../../projections/fold-work.ts"

const endsAt = (...offsets: readonly number[]): readonly Position[] =>
  offsets.map((offset, partition) => ({ topic: "data-ingestion", partition, offset }))

describe("work that is shared", () => {
  it("is taken from where most is left, a stretch at a time, by one at a time", () => {
    const work = new FoldWork(new Map([["data-ingestion/1", 50]]), endsAt(100, 1_000, 0), 10)
    expect([work.left, work.partsLeft, work.isAnyTaken]).toEqual([1_050, 2, false])
    const first = work.take()
    expect(first).toEqual({ topic: "data-ingestion", partition: 1, part: 1, until: 50 + 119 })
    expect(work.take()).toEqual({ topic: "data-ingestion", partition: 0, part: 0, until: 13 })
    expect([work.take(), work.isAnyTaken]).toEqual([undefined, true])
    work.giveBack(1, 169)
    expect(work.take()).toMatchObject({ partition: 1, until: 169 + 119 })
    work.giveBack(0, 100)
    expect(work.take()).toBeUndefined()
  })

  it("is all done whoever takes what, and nothing twice", () =>
    fc.assert(
      fc.property(
        fc.array(fc.nat(40), { maxLength: 5 }),
        fc.array(fc.nat(40), { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.nat(2), { maxLength: 200 }),
        (ends, begins, least, turns) => {
          const from = new Map(begins.map((begin, partition) => [`data-ingestion/${partition}`, begin]))
          const work = new FoldWork(from, endsAt(...ends), least)
          const hands: (Taken & { from: number })[] = []
          const done: string[] = []
          const next = new Map(from)
          const act = (hand: number): void => {
            const held = hands[hand]
            if (held === undefined) {
              const taken = work.take()
              if (taken !== undefined) hands[hand] = { ...taken, from: next.get(`data-ingestion/${taken.partition}`) ?? 0 }
              return
            }
            for (let offset = held.from; offset < held.until; offset++) done.push(`${held.partition}/${offset}`)
            next.set(`data-ingestion/${held.partition}`, held.until)
            work.giveBack(held.part, held.until)
            delete hands[hand]
          }
          for (const hand of turns) act(hand)
          while (work.left > 0 || work.isAnyTaken) for (const hand of [0, 1, 2]) act(hand)
          const all = ends.flatMap((end, partition) =>
            Array.from({ length: end }, (_, offset) => `${partition}/${offset}`).slice(Math.min(end, begins[partition] ?? 0)),
          )
          expect(done.toSorted()).toEqual(all.toSorted())
        },
      ),
    ))
})
