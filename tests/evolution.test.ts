/** Law 5, when a schema changes: what an event is now still reads what it was. Part of `npm run check`. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { event, long, string } from "../events/define.ts"
import { catalog } from "../events/index.ts"
import { brokenChains } from "../infra/avro/compatibility.ts"
import { brokenPromises } from "../infra/avro/released.ts"

const control = { topic: "control-events" } as const
const first = event("Measured", { ...control, fields: { metres: long } })

describe("Law 5: the events of the catalog", () => {
  it("are each followed only by versions that a registry takes under BACKWARD", () => {
    expect(brokenChains(Object.values(catalog))).toEqual([])
  })

  it("stand as they were released", () => {
    expect(brokenPromises(JSON.parse(readFileSync("events/released.json", "utf8")))).toEqual([])
  })
})

describe("Law 5: a next version", () => {
  it("may add a field with a default, and leave one out", () => {
    const second = first.version({ metres: long, unit: { ...string, default: "m" } }, ({ metres }) => ({ metres, unit: "m" }))
    expect(brokenChains([second, second.version({ metres: long }, ({ metres }) => ({ metres }))])).toEqual([])
  })

  it.each([
    ["adds a field without a default", first.version({ metres: long, unit: string }, (older) => ({ ...older, unit: "m" }))],
    ["changes a field's type", first.version({ metres: string }, ({ metres }) => ({ metres: String(metres) }))],
    ["renames a field", first.version({ meters: long }, ({ metres }) => ({ meters: metres }))],
  ])("is named when it %s", (_, broken) => {
    expect(brokenChains([broken])).toEqual([expect.stringMatching(/^Measured\/2: the schema does not read/)])
  })

  it("is held against the one before it, however long the chain", () => {
    const third = first
      .version({ metres: long, unit: { ...string, default: "m" } }, ({ metres }) => ({ metres, unit: "m" }))
      .version({ metres: string }, ({ metres }) => ({ metres: String(metres) }))
    expect(brokenChains([third])).toEqual([expect.stringContaining("Measured/3")])
  })
})
