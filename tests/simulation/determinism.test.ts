import { expect, it } from "vitest"
import { planOf } from "./plan.ts"
import { simulate } from "./simulation.ts"

it.each([1, 2, 3])("a simulation takes the same way each time: seed %i", async (seed) => {
  const [one, other] = [await simulate(planOf(seed), true), await simulate(planOf(seed), true)]
  expect(other.trace).toEqual(one.trace)
  expect(other.traceHash).toBe(one.traceHash)
})

it("simulations of other seeds take other ways", async () => {
  const hashes = new Set<string>()
  for (const seed of [1, 2, 3]) hashes.add((await simulate(planOf(seed))).traceHash)
  expect(hashes.size).toBe(3)
})
