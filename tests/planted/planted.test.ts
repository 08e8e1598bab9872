/** The tests are tested: each planted bug is caught by what it is said to be caught by, and by nothing where it is not planted. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { bugs } from "./bugs/index.ts"
import { catching, simulated, tested } from "./catching.ts"
import { withBug } from "./planted.ts"

const rootFile = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")

describe("planted bugs", () => {
  it.each(bugs)("fit the source: $name", (bug) => {
    expect(withBug(rootFile(bug.file), bug)).not.toBe(rootFile(bug.file))
  })

  it("have names of their own, and stand in the table", () => {
    expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length)
    const table = rootFile("tests/planted/README.md")
    for (const { name, wrong, caughtBy } of bugs) {
      const by = "seeds" in caughtBy ? `the simulation, within ${caughtBy.seeds} seeds` : `\`${caughtBy.test}\``
      const row = table.split("\n").find((line) => line.startsWith(`| ${name} `))
      expect(row?.split("|").map((cell) => cell.trim())).toEqual(["", name, wrong, by, ""])
    }
  })

  it("a patch that does not fit is told by its name", () => {
    const bug = { ...bugs[0]!, name: "misfit", find: "what stands nowhere" }
    expect(() => withBug("a text", bug)).toThrow(/"misfit" does not fit: its text stands 0 times/)
    expect(() => withBug("twice twice", { ...bug, find: "twice" })).toThrow(/stands 2 times/)
  })
})

describe.concurrent("where no bug is planted", () => {
  it("no test that is to catch one fails", async () => {
    const catchers = bugs.flatMap(({ caughtBy }) => ("seeds" in caughtBy ? [] : [caughtBy]))
    expect(await tested(catchers)).toEqual({ caught: false, says: "" })
  })

  it("the simulation finds nothing", async () => {
    const seeds = bugs.map(({ caughtBy }) => ("seeds" in caughtBy ? caughtBy.seeds : 0))
    expect(await simulated({ seeds: Math.max(...seeds) })).toEqual({ caught: false, says: "null" })
  })
})

describe.concurrent("a planted bug is caught", () => {
  it.each(bugs)("$name", async (bug) => {
    const { caught, says } = await catching(bug)
    expect(caught, `nothing caught it: ${bug.wrong}`).toBe(true)
    expect(says).toMatch(bug.caughtBy.says)
  })
})
