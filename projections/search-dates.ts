/** The index of runs by the time they were created. */
import { numberOf, type Value } from "../domain/value.ts"
import { entriesOf } from "./run-index.ts"
import type { Rows } from "./rows.ts"
import { byBytes } from "./search-sets.ts"

/** From so many runs on it is cheaper to read the index through than to look each run up. */
const mostLookups = 2_000

/** Runs by the time they were created, and within the same time by their id, in the one direction or the other. */
export const sortedByDate = async (rows: Rows, runs: ReadonlySet<string>, descending: boolean): Promise<readonly string[]> =>
  runs.size > mostLookups ? filteredIndex(rows, runs, descending) : lookedUp(rows, runs, descending)

const filteredIndex = async (rows: Rows, runs: ReadonlySet<string>, reverse: boolean): Promise<readonly string[]> => {
  const sorted: string[] = []
  for await (const chunk of rows.eachUnder("indexes", ["created_at"], { reverse }))
    for (const { rest } of chunk) {
      const run = String(rest[1])
      if (runs.has(run)) sorted.push(run)
    }
  return sorted
}

const lookedUp = async (rows: Rows, runs: ReadonlySet<string>, descending: boolean): Promise<readonly string[]> => {
  const dated: { readonly run: string; readonly at: number }[] = []
  for (const run of runs) {
    const [entry] = await entriesOf(rows, run, ["created_at"])
    if (entry !== undefined) dated.push({ run, at: numberOf(entry[1] as Value) ?? 0 })
  }
  const sign = descending ? -1 : 1
  return dated.sort((a, b) => sign * (a.at - b.at || byBytes(a.run, b.run))).map(({ run }) => run)
}
