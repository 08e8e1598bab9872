import fc from "fast-check"
import { afterAll, expect, it } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import type { AnyFact } from "../../events/index.ts"
import { readMetric } from "../../projections/metric-read.ts"
import { type Bed, bed, recorded, stamped } from "../support/folding.ts"

interface Logged {
  readonly step: number
  readonly value: number
  readonly epoch: number
  readonly micros: number
}

const beds: Bed[] = []
afterAll(() => Promise.all(beds.map((made) => made.close())))

const id = { contextId: 0, name: "m" }
const factOf = (points: readonly Logged[], hasEpochs: boolean): AnyFact => ({
  type: "PointsLogged",
  data: {
    runId: "r",
    name: "m",
    contextId: 0,
    context: encodeValue(new Map()),
    dtype: "float",
    values: points.map(({ value }) => value),
    steps: points.map(({ step }) => step),
    epochs: hasEpochs ? points.map(({ epoch }) => epoch) : [],
    firstTime: 0,
    timeOffsets: points.map(({ micros }) => micros),
  },
})

const stored = async (groups: readonly { readonly points: readonly Logged[]; readonly hasEpochs: boolean }[]): Promise<Bed> => {
  const made = await bed()
  beds.push(made)
  const events = groups.map(({ points, hasEpochs }) => stamped(factOf(points, hasEpochs), 1))
  if (events.length > 0) await made.fold({ topic: "data-ingestion", partition: 0 }, recorded("data-ingestion", 0, events))
  return made
}

const aPoint = fc.record({
  step: fc.nat(4_000),
  value: fc.oneof(fc.double(), fc.constant(Number.NaN)),
  epoch: fc.nat(9),
  micros: fc.nat(10_000_000),
})
const aRamp = fc
  .record({ from: fc.nat(3_000), count: fc.integer({ min: 1, max: 1_500 }), stride: fc.integer({ min: 1, max: 3 }) })
  .map(({ from, count, stride }) =>
    Array.from({ length: count }, (_, i) => ({ step: from + i * stride, value: i / 7, epoch: i % 5, micros: i * 1_001 })),
  )
const aGroup = fc.record({ points: fc.oneof(fc.array(aPoint, { minLength: 1, maxLength: 20 }), aRamp), hasEpochs: fc.boolean() })

it("a metric is read as it was logged, whichever range and choice of its points is asked for", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(aGroup, { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(fc.option(fc.nat(5_000)), fc.option(fc.nat(5_000)), fc.option(fc.integer({ min: 1, max: 700 }))), {
        minLength: 6,
        maxLength: 6,
      }),
      async (groups, asked) => {
        const made = await stored(groups)
        const last = new Map<number, Logged>()
        for (const { points, hasEpochs } of groups)
          for (const point of points) last.set(point.step, { ...point, epoch: hasEpochs ? point.epoch : Number.NaN })
        const all = [...last.values()].toSorted((a, b) => a.step - b.step)
        for (const [from, to, stride] of asked) {
          const within = all.filter(({ step }) => (from === null || step >= from) && (to === null || step < to))
          const want = stride === null ? within : within.filter((_, i) => i % stride === 0)
          const choose = (steps: Float64Array) => Array.from(steps.keys()).filter((i) => i % (stride ?? 1) === 0)
          const options = { from: from ?? undefined, to: to ?? undefined, ...(stride === null ? {} : { choose }) }
          const got = await made.read((rows) => readMetric(rows, "r", id, options))
          expect([...got.steps]).toEqual(want.map(({ step }) => step))
          expect([...got.values]).toEqual(want.map(({ value }) => value))
          expect([...got.epochs]).toEqual(want.map(({ epoch }) => epoch))
          expect([...got.times]).toEqual(want.map(({ micros }) => micros / 1e6))
          const values = await made.read((rows) => readMetric(rows, "r", id, { ...options, more: [] }))
          expect([values.values, values.times.length]).toEqual([got.values, 0])
        }
      },
    ),
    { numRuns: 15 },
  ))

it("a metric that is not there has no points", async () => {
  const made = await stored([])
  expect((await made.read((rows) => readMetric(rows, "r", id))).steps.length).toBe(0)
})
