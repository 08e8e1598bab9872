/** Law 5, its other half: a released schema stays as it is for ever. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { brokenPromises, fingerprints, newestRelease, type Released } from "../../infra/avro/released.ts"

const released: Released = JSON.parse(readFileSync("events/released.json", "utf8"))

describe("released events", () => {
  it("stand in the catalog as they were released", () => {
    expect(brokenPromises(released)).toEqual([])
  })

  it("are those of the newest release in the CHANGELOG (npm run freeze)", () => {
    expect(released.release).toBe(newestRelease(readFileSync("CHANGELOG.md", "utf8")))
  })

  it("that were changed or removed would be named", () => {
    const schemas = { ...fingerprints(), "RunCreated/1": "0".repeat(64), "RunForgotten/1": "0".repeat(64) }
    expect(brokenPromises({ release: "0.1.0", schemas })).toEqual([
      "RunCreated/1 was changed; a released schema is only followed by a new version",
      "RunForgotten/1 is gone; a released schema is only followed by a new version",
    ])
  })

  it("are looked for in the CHANGELOG by its dated headings", () => {
    expect(newestRelease("# Changelog\n\n## Unreleased\n\n- x\n\n## 0.2.0 (2026-12-01)\n\n## 0.1.0 (2026-11-30)\n")).toBe("0.2.0")
    expect(newestRelease("# Changelog\n\n## Unreleased\n")).toBeNull()
  })
})
