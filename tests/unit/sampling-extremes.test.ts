import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { sampleSteps, type SamplingMode } from "../../domain/sampling.ts"
import { samplePoints } from "../../domain/sampling-extremes.ts"

const aStep = fc.oneof(fc.integer({ min: -20, max: 400 }), fc.nat(1_000_000))
const aValue = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 4, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) },
)
const aSeries = fc
  .uniqueArray(fc.tuple(aStep, aValue), { minLength: 1, maxLength: 500, selector: ([step]) => step })
  .map((points) => {
    const ascending = points.toSorted(([a], [b]) => a - b)
    return { steps: Float64Array.from(ascending, ([step]) => step), values: Float64Array.from(ascending, ([, value]) => value) }
  })
const aMode = fc.constantFrom<SamplingMode>("records", "metrics")

const numbersOf = (values: Iterable<number>): readonly number[] => [...values].filter((value) => !Number.isNaN(value))
const least = (values: Iterable<number>): number => numbersOf(values).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
const greatest = (values: Iterable<number>): number =>
  numbersOf(values).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)

describe("a sample of points", () => {
  it("has first, last, least and greatest of the series, ascending, and no more than were asked for", () =>
    fc.assert(
      fc.property(aSeries, fc.integer({ min: 4, max: 300 }), aMode, ({ steps, values }, n, mode) => {
        const chosen = samplePoints(steps, values, n, mode)
        expect(chosen.length).toBeLessThanOrEqual(n)
        expect(chosen.every((index, i) => Number.isInteger(index) && (i === 0 || index > chosen[i - 1]!))).toBe(true)
        expect([chosen[0], chosen.at(-1)]).toEqual([0, steps.length - 1])
        const shown = chosen.map((index) => values[index]!)
        expect([least(shown), greatest(shown)]).toEqual([least(values), greatest(values)])
      }),
      { numRuns: 1_000 },
    ))

  it("is the whole series where that has no more points", () =>
    fc.assert(
      fc.property(aSeries, fc.nat(100), aMode, ({ steps, values }, more, mode) => {
        const all = Array.from(steps.keys())
        expect(samplePoints(steps, values, steps.length + more, mode)).toEqual(all)
        expect(samplePoints(steps, values, -more, "records")).toEqual(all)
      }),
    ))

  it("spans all values of each stretch of two even steps, so that a line through it hides none", () =>
    fc.assert(
      fc.property(aSeries, fc.integer({ min: 4, max: 60 }), aMode, ({ steps, values }, n, mode) => {
        fc.pre(steps.length > n)
        const even = sampleSteps(steps, n, mode)
        const chosen = samplePoints(steps, values, n, mode)
        for (let i = 1; i < even.length - 1; i += 2) {
          // The last stretch is of three where their number is odd.
          const isLast = i + 3 >= even.length - 1
          const [begin, end] = [i === 1 ? 0 : even[i]!, isLast ? steps.length - 1 : even[i + 2]!]
          const after = chosen.find((index) => index >= end)!
          const shown = chosen.filter((index) => index >= begin && index < end).map((index) => values[index]!)
          const hidden = values.subarray(begin, end)
          expect(least([...shown, values[after]!])).toBeLessThanOrEqual(least(hidden))
          expect(greatest([...shown, values[after]!])).toBeGreaterThanOrEqual(greatest(hidden))
          if (isLast) break
        }
      }),
      { numRuns: 500 },
    ))

  it("is the reference's even choice where the series only rises or falls", () =>
    fc.assert(
      fc.property(aSeries, fc.integer({ min: 2, max: 300 }), aMode, fc.constantFrom(1, -1), ({ steps }, n, mode, sign) => {
        fc.pre(steps.length > n)
        const values = steps.map((step) => sign * step)
        expect(samplePoints(steps, values, n, mode)).toEqual(sampleSteps(steps, n, mode))
      }),
    ))

  it("shows one spike among 10,000 points, and NaN where the even choice meets it", () => {
    const steps = Float64Array.from({ length: 10_000 }, (_, i) => i)
    const values = new Float64Array(10_000)
    values[3_333] = 7
    values[3_334] = -7
    values.fill(Number.NaN, 9_000)
    const chosen = samplePoints(steps, values, 50, "metrics")
    expect(chosen).toContain(3_333)
    expect(chosen).toContain(3_334)
    expect(chosen.filter((index) => Number.isNaN(values[index]!)).length).toBeGreaterThan(3)
  })

  it("moves no more points than it must", () => {
    const steps = Float64Array.from({ length: 10_000 }, (_, i) => i)
    for (const spike of [7, -7]) {
      const values = new Float64Array(10_000)
      values[3_333] = spike
      const even = new Set(sampleSteps(steps, 50, "metrics"))
      expect(samplePoints(steps, values, 50, "metrics").filter((index) => !even.has(index))).toEqual([3_333])
    }
  })

  it("shows an infinity among NaN alone", () => {
    const steps = Float64Array.from({ length: 1_000 }, (_, i) => i)
    for (const infinity of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const values = new Float64Array(1_000).fill(Number.NaN)
      values[333] = infinity
      expect(samplePoints(steps, values, 50, "metrics")).toContain(333)
    }
  })

  it("of two points is the first and the last, of three has the one that sticks out most between them", () => {
    const steps = Float64Array.from({ length: 100 }, (_, i) => i)
    const values = new Float64Array(100)
    values[20] = 5
    values[70] = -9
    expect(samplePoints(steps, values, 1, "metrics")).toEqual([0])
    expect(samplePoints(steps, values, 2, "metrics")).toEqual([0, 99])
    expect(samplePoints(steps, values, 3, "metrics")).toEqual([0, 70, 99])
  })
})
