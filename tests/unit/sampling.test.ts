import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseRange, roundHalfEven, sampleIndices, sampleSteps } from "../../domain/sampling.ts"
import { decodeTree } from "../support/stream-decoder.ts"

/** The documented rule, word by word and without regard to cost. */
const ruleOfRecords = (steps: readonly number[], n: number): readonly number[] => {
  if (n <= 0) return steps
  const first = steps[0] ?? 0
  const last = steps.at(-1) ?? 0
  if (n === 1 || steps.length === 1) return [first]
  const numbers = Array.from({ length: n }, (_, i) => i)
  const targets = new Set(numbers.map((i) => first + roundHalfEven((i * (last - first)) / (n - 1))))
  const found = new Set([...targets].map((target) => steps.find((step) => step >= target)).filter((step) => step !== undefined))
  if (found.size >= n) return [...found]
  if (steps.length <= n) return steps
  const indices = new Set(numbers.map((i) => roundHalfEven((i * (steps.length - 1)) / (n - 1))))
  return [...indices].map((index) => steps[index] ?? Number.NaN)
}

const ruleOfBuckets = (steps: readonly number[], n: number): readonly number[] => {
  const first = steps[0] ?? 0
  const last = steps.at(-1) ?? 0
  const chosen = new Map<number, number>()
  for (const step of steps.slice(1, -1)) {
    const bucket = Math.min(n - 3, Math.floor(((step - first - 1) * (n - 2)) / Math.max(1, last - first - 1)))
    if (!chosen.has(bucket)) chosen.set(bucket, step)
  }
  return steps.length === 1 ? [first] : [first, ...chosen.values(), last]
}

const pick = (steps: readonly number[], indices: readonly number[]): readonly number[] =>
  indices.map((index) => steps[index] ?? Number.NaN)

const someSteps = fc
  .uniqueArray(fc.oneof(fc.integer({ min: -20, max: 300 }), fc.integer({ min: 0, max: 1_000_000 })), {
    minLength: 1,
    maxLength: 400,
  })
  .map((steps) => steps.toSorted((a, b) => a - b))

/** The steps a recorded answer holds for a trace of a run; every run begins with a letter repeated. */
const recordedSteps = (name: string, run: string, trace: number): readonly number[] => {
  const responses = JSON.parse(readFileSync("tests/fixtures/golden/responses.json", "utf8")) as { name: string; hex: string }[]
  const answer = decodeTree(Buffer.from(responses.find((one) => one.name === name)?.hex ?? "", "hex"))
  const at = (tree: unknown, key: string | number): unknown =>
    tree instanceof Map ? tree.get(key) : Array.isArray(tree) ? tree[Number(key)] : undefined
  const blob = [run.repeat(32), "traces", trace, "iters", "blob"].reduce(at, answer as unknown)
  return [...new Float64Array(new Uint8Array(blob as Uint8Array).buffer)]
}

describe("sampling of steps", () => {
  it("picks what the reference picked in the recorded answers", () => {
    const steps = [0, 2, 4, 6]
    expect(pick(steps, sampleSteps(steps, 3, "metrics"))).toEqual(recordedSteps("metric_search_single_exact", "a", 0))
    expect(pick(steps, sampleSteps(steps, 2, "metrics"))).toEqual(recordedSteps("metric_search_lazy", "a", 0))
    expect(pick(steps, sampleSteps(steps, 50, "metrics"))).toEqual(recordedSteps("metric_search_default", "a", 0))
    const rest = JSON.parse(readFileSync("tests/fixtures/golden/rest.json", "utf8")) as {
      name: string
      response: { iters: number[] }[]
    }[]
    const batch = rest.find(({ name }) => name === "metric_batch_density2")
    expect(pick([0, 2, 4], sampleSteps([0, 2, 4], 2, "records"))).toEqual(batch?.response[0]?.iters)
  })

  it("follows the documented rule for any steps and density", () =>
    fc.assert(
      fc.property(someSteps, fc.integer({ min: -1, max: 600 }), (steps, n) => {
        expect(pick(steps, sampleSteps(steps, n, "records"))).toEqual(ruleOfRecords(steps, n))
        const ofMetrics = n >= 128 ? ruleOfBuckets(steps, n) : ruleOfRecords(steps, Math.max(n, 1))
        expect(pick(steps, sampleSteps(Float64Array.from(steps), n, "metrics"))).toEqual(ofMetrics)
      }),
      { numRuns: 500 },
    ))

  it("gives 0, 1, 9, 17, … for 128 points of 1,000", () => {
    const steps = Array.from({ length: 1000 }, (_, i) => i)
    expect(sampleSteps(steps, 128, "metrics").slice(0, 4)).toEqual([0, 1, 9, 17])
    expect(sampleSteps(steps, 128, "metrics").at(-1)).toBe(999)
  })

  it.each(["records", "metrics"] as const)("reads each step of %s a few times at most where far more are asked for", (mode) => {
    let reads = 0
    const counting: ProxyHandler<readonly number[]> = {
      get: (target, key) => {
        if (++reads > 100) throw new Error("reads more than there is")
        return Reflect.get(target, key)
      },
    }
    const steps = new Proxy([0, 2, 4, 6], counting)
    for (const n of [2 ** 31, Number.MAX_SAFE_INTEGER]) {
      reads = 0
      expect(sampleSteps(steps, n, mode)).toEqual([0, 1, 2, 3])
    }
  })

  it("has nothing to pick from an empty series", () => {
    expect(sampleSteps([], 50, "metrics")).toEqual([])
    expect(sampleIndices(0, 5)).toEqual([])
  })
})

describe("thinning of items", () => {
  it("spaces them evenly, and keeps all where they are few or the density is 0", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 400 }), (length, density) => {
        const all = Array.from({ length }, (_, i) => i)
        const stride = (length - 1) / (density - 1)
        const even = Array.from({ length: density }, (_, i) => (density === 1 ? 0 : roundHalfEven(i * stride)))
        expect(sampleIndices(length, density)).toEqual(density === 0 ? all : [...new Set(even)])
      }),
    ))
})

describe("rounding", () => {
  it("takes a half to the even neighbour, as Python does", () => {
    const halves = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 4503599627370495.5, 2.4, -2.6]
    expect(halves.map((value) => roundHalfEven(value) + 0)).toEqual([-2, -2, 0, 0, 2, 2, 0, 4503599627370496, 2, -3])
  })
})

describe("a range", () => {
  it.each([
    ["", undefined, undefined],
    ["5", undefined, undefined],
    [":", undefined, undefined],
    ["3:", 3, undefined],
    [":7", undefined, 7],
    ["-2: +9", -2, 9],
  ])("is read from %j", (text, start, stop) => expect(parseRange(text)).toEqual({ start, stop }))

  it.each([
    ["a:5", "a"],
    ["1:2:3", "2:3"],
    ["1:1.5", "1.5"],
    ["99999999999999999999:", "99999999999999999999"],
  ])("is refused by the part that is no integer: %j", (text, part) =>
    expect(parseRange(text)).toEqual({ _tag: "InvalidRange", text, part }),
  )
})
