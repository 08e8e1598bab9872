/** Finds the part of a plan that a failure needs, by leaving the rest out. */
import type { Plan } from "./plan.ts"

/** A smaller plan that fails alike, after so many tries at most. */
export const shrink = async (plan: Plan, fails: (plan: Plan) => Promise<boolean>, mostTries = 150): Promise<Plan> => {
  let smallest = plan
  let tries = 0
  const takes = async (smaller: Plan): Promise<boolean> => {
    if (tries++ >= mostTries || !(await fails(smaller))) return false
    smallest = smaller
    return true
  }
  for (let size = plan.deeds.length >> 1; size > 0; size = size === 1 ? 0 : size >> 1)
    for (let from = 0; from < smallest.deeds.length;) {
      const { deeds } = smallest
      if (!(await takes({ ...smallest, deeds: [...deeds.slice(0, from), ...deeds.slice(from + size)] }))) from += size
    }
  for (const rate of Object.keys(plan.rates)) await takes({ ...smallest, rates: { ...smallest.rates, [rate]: 0 } })
  await takes({ ...smallest, skews: {} })
  await takes({ ...smallest, gone: null })
  await takes({ ...smallest, viewsLast: true })
  await takes({ ...smallest, partitions: 1 })
  return smallest
}
