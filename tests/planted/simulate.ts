/** Simulates with the seeds from one to another until something is violated, and prints the seed and what was, as JSON. */
import { planOf } from "../simulation/plan.ts"
import { simulate } from "../simulation/simulation.ts"

const [first = 1, last = 1] = process.argv.slice(2).map(Number)
let found: { readonly seed: number; readonly violations: readonly string[] } | null = null
for (let seed = first; seed <= last && found === null; seed++) {
  const { violations } = await simulate(planOf(seed))
  if (violations.length > 0) found = { seed, violations }
}
process.stdout.write(`${JSON.stringify(found)}\n`)
