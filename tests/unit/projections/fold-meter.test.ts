import { describe, expect, it } from "vitest"
import { type FoldedPart, foldedPart } from "../../../projections/folded-part.ts"
import { FoldMeter, progressText } from "../../../projections/fold-meter.ts"
import { recorded, stamped } from "../../support/folding.ts"
import { named } from "../../support/projected.ts"

const points = {
  type: "PointsLogged",
  data: {
    runId: "r",
    name: "loss",
    contextId: 0,
    context: new Uint8Array(),
    dtype: "float",
    values: [1, 2, 3],
    steps: [],
    epochs: [],
    firstTime: 0,
    timeOffsets: [0, 0, 0],
  },
} as const

const part = (count: number, first = 0): FoldedPart => {
  const facts = Array.from({ length: count }, (_, i) => stamped(i % 2 === 0 ? points : named("r", "x"), 1))
  const records = recorded("data-ingestion", 0, facts, first)
  const batch = { topic: "data-ingestion", partition: 0, records, next: first + count } as const
  return foldedPart(batch, { _tag: "Folded", unfolded: [], hasJobs: false })
}

describe("how far a fold is", () => {
  const ends = new Map([
    ["data-ingestion/0", 100],
    ["control-events/0", 20],
  ])

  it("tells the rates of the last seconds, not of all its time, and what is left by them", () => {
    const meter = new FoldMeter(ends, 0)
    meter.begin(new Map([["control-events/0", 20]]), 0)
    meter.folded(part(10), 60_000)
    meter.folded(part(10, 10), 65_000)
    meter.folded(part(10, 20), 70_000)
    expect(meter.read(70_000)).toEqual({ events: 50, total: 120, points: 45, eventRate: 2, pointRate: 3, secondsLeft: 35 })
    expect(progressText(meter.read(70_000))).toBe(
      "folded 50 of 120 events (41 %) and 45 points; 2 events/s, 3 points/s, 35 s left",
    )
  })

  it("does not know what is left while nothing is folded, and counts what was appended since", () => {
    const meter = new FoldMeter(ends, 0)
    expect(meter.read(1)).toMatchObject({ events: 0, total: 120, secondsLeft: null })
    meter.begin(new Map([["data-ingestion/0", 70]]), 0)
    meter.folded(part(60, 70), 1_000)
    expect(meter.read(1_000)).toMatchObject({ events: 130, total: 130, secondsLeft: 0 })
    expect(meter.read(20_000).eventRate).toBe(0)
  })
})
