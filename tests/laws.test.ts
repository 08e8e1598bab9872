/** Holds docs/laws.md and the tests against each other. */
import { globSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

const named = (text: string): ReadonlySet<string> => new Set([...text.matchAll(/\bLaw (\d+)\b/g)].map(([, number]) => number!))

/** Law → the files that its row names. */
const table: ReadonlyMap<string, readonly string[]> = new Map(
  readFileSync("docs/laws.md", "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, law, , where] = line.split("|").map((cell) => cell.trim())
      const number = /^Law (\d+)$/.exec(law ?? "")?.[1]
      return number === undefined ? [] : [[number, [...(where ?? "").matchAll(/`([^`]+)`/g)].map(([, file]) => file!)] as const]
    }),
)

const tests = globSync(["tests/**/*.{test,suite}.ts", "tests/scenarios/*.ts"]).filter((file) => file !== "tests/laws.test.ts")

describe("the laws", () => {
  it("are numbered from 1 without a gap, and each is tested or said not to be", () => {
    expect([...table.keys()]).toEqual(Array.from(table, (_, i) => String(i + 1)))
    const untested = [...table].filter(([, files]) => files.length === 0).map(([law]) => law)
    expect(untested).toEqual([])
  })

  it.each([...table].flatMap(([law, files]) => files.map((file) => [law, file] as const)))(
    "Law %s is tested in %s",
    (law, file) => {
      expect(named(readFileSync(file, "utf8"))).toContain(law)
    },
  )

  it.each(tests.flatMap((file) => [...named(readFileSync(file, "utf8"))].map((law) => [file, law] as const)))(
    "%s tests Law %s, and the table says so",
    (file, law) => {
      expect(table.get(law)).toContain(file)
    },
  )
})
