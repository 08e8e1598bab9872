import { expect, it } from "vitest"
import { defaultIngestLimits } from "../../domain/limits.ts"
import { Intakes } from "../../gateways/ingest/intakes.ts"

it("a run's connections share what is remembered of it, and so do later ones", () => {
  const intakes = new Intakes(defaultIngestLimits)
  const first = intakes.open("a")
  expect(intakes.open("a")).toBe(first)
  intakes.closed("a")
  expect(intakes.open("a")).toBe(first)
  intakes.closed("a")
  intakes.closed("a")
  expect(intakes.open("a")).toBe(first)
})

it("runs without a connection are forgotten, the ones that closed first before others, and open ones never", () => {
  const intakes = new Intakes(defaultIngestLimits)
  const open = intakes.open("open")
  const others = Array.from({ length: 1_001 }, (_, i) => [`run ${i}`, intakes.open(`run ${i}`)] as const)
  for (const [id] of others) intakes.closed(id)
  expect(intakes.open("run 1000")).toBe(others[1_000]![1])
  expect(intakes.open("run 1")).toBe(others[1]![1])
  expect(intakes.open("run 0")).not.toBe(others[0]![1])
  expect(intakes.open("open")).toBe(open)
})

it("runs of many sequences are forgotten before their number is reached", () => {
  const intakes = new Intakes(defaultIngestLimits)
  const ids = Array.from({ length: 26 }, (_, i) => `run ${i}`)
  const first = intakes.open(ids[0]!)
  for (const id of ids) {
    const intake = intakes.open(id)
    for (let i = 0; i < 20_000; i++) intake.series(intake.noContext, `m${i}`)
  }
  intakes.closed(ids[0]!)
  for (const id of ids) intakes.closed(id)
  expect(intakes.open(ids[0]!)).not.toBe(first)
})
