import { Registry } from "prom-client"
import { expect, it } from "vitest"
import { projectorMetrics } from "../../infra/observe/projector-metrics.ts"
import type { PendingLetters } from "../../projections/dead-letters.ts"

it("dead letters that were told of stay told while the store is away", async () => {
  const registry = new Registry()
  const answers: (PendingLetters | null)[] = [{ count: 3, oldest: null }, null]
  projectorMetrics(registry, { pending: async () => answers.shift()!, lag: async () => null, folded: async () => null })
  const told = async () => (await registry.metrics()).split("\n").filter((line) => line.startsWith("matyan_dead_letters_pending"))
  expect([await told(), await told()]).toEqual([["matyan_dead_letters_pending 3"], ["matyan_dead_letters_pending 3"]])
})
