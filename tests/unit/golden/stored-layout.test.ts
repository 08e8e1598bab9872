/**
 * What we write beside what the reference writes to a real FoundationDB, input by input.
 * Every difference is decided; `stored-layout-differences.ts` lists them with their reasons.
 */
import { readFileSync } from "node:fs"
import { describe, expect, it, onTestFinished } from "vitest"
import type { AnyFact } from "../../../events/index.ts"
import type { DumpedRow } from "../../../projections/dump.ts"
import { bed, recorded, stamped } from "../../support/folding.ts"
import { type Step, stepToFacts } from "./stored-layout-steps.ts"
import { isDecided } from "./stored-layout-differences.ts"

interface GoldenRow {
  readonly dir: readonly string[]
  readonly key_suffix: string
  readonly value: string
}
interface GoldenStep extends Step {
  readonly set: readonly GoldenRow[]
  readonly cleared: readonly GoldenRow[]
}
const golden: { readonly steps: readonly GoldenStep[] } = JSON.parse(readFileSync("tests/fixtures/golden/fdb-dump.json", "utf8"))

describe("the stored layout", () => {
  it("is the reference's, key by key and value by value, but for what was decided otherwise", async () => {
    const store = await bed()
    onTestFinished(store.close)
    const offsets = { "data-ingestion": 0, "control-events": 0 }
    let before = new Map<string, string>()
    const unexplained: string[] = []
    let compared = 0
    for (const step of golden.steps) {
      for (const fact of stepToFacts(step)) {
        const topic = isControl(fact) ? "control-events" : "data-ingestion"
        await store.fold({ topic, partition: 0 }, recorded(topic, 0, [stamped(fact, step.clock)], offsets[topic]++))
      }
      const after = new Map((await store.dump()).map(rowEntry))
      const ours = changes(before, after)
      const theirs = new Map([
        ...step.set.map((row) => [place(row), row.value] as const),
        ...step.cleared.map((row) => [place(row), "cleared"] as const),
      ])
      for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
        compared += 1
        if (ours.get(key) !== theirs.get(key) && !isDecided(step.n, key, ours.get(key), theirs.get(key)))
          unexplained.push(`step ${step.n} ${readable(key)}: ours ${ours.get(key)}, theirs ${theirs.get(key)}`)
      }
      before = after
    }
    expect(unexplained).toEqual([])
    expect(compared).toBeGreaterThan(300)
  })
})

const isControl = (fact: AnyFact) => !("runId" in fact.data) || fact.type.startsWith("Note") || fact.type.startsWith("Blobs")

const rowEntry = ({ space, key, value }: DumpedRow) =>
  [`${space} ${Buffer.from(key).toString("hex")}`, Buffer.from(value).toString("hex")] as const

const place = ({ dir, key_suffix }: GoldenRow) => `${dir.at(-1)} ${key_suffix}`

const readable = (key: string) => {
  const [space, hex] = key.split(" ")
  return `${space} ${Buffer.from(hex!, "hex")
    .toString("latin1")
    .replace(/[^ -~]+/g, "/")}`
}

const changes = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const [key, value] of after) if (before.get(key) !== value) found.set(key, value)
  for (const key of before.keys()) if (!after.has(key)) found.set(key, "cleared")
  return found
}
