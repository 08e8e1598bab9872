/** Holds docs/reliability.md and the repository against each other. */
import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

const text = readFileSync("docs/reliability.md", "utf8")
const scripts = Object.keys((JSON.parse(readFileSync("package.json", "utf8")) as { readonly scripts: object }).scripts)

/** Target → the files and commands that its last cell names. */
const table: ReadonlyMap<string, readonly string[]> = new Map(
  text.split("\n").flatMap((line) => {
    const cells = line.split("|").map((cell) => cell.trim())
    const target = /^R\d+$/.exec(cells[1] ?? "")?.[0]
    return target === undefined
      ? []
      : [[target, [...(cells[4] ?? "").matchAll(/`([^`]+)`/g)].map(([, named]) => named!)] as const]
  }),
)

describe("the reliability that is claimed", () => {
  it("is told for every target, in order", () => {
    expect([...table.keys()]).toEqual(Array.from({ length: 20 }, (_, i) => `R${i + 1}`))
  })

  it.each([...table])("for %s is shown by tests and commands that there are", (_, shown) => {
    const isThere = (named: string): boolean =>
      named.startsWith("npm run ") ? scripts.includes(named.split(" ")[2] ?? "") : existsSync(named)
    expect(shown.length).toBeGreaterThan(0)
    expect(shown.filter((named) => !isThere(named))).toEqual([])
  })

  it("names no file that is not there", () => {
    const named = [...text.matchAll(/`((?:tests|docs|bench|infra|domain)\/[^`\s]+)`/g)].map(([, file]) => file!)
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((file) => !existsSync(file))).toEqual([])
  })
})
