/** The index of runs by the time they were created. */
import { numberOf, type Value } from "../domain/value.ts"
import type { Rows } from "./rows.ts"
import { placeOf } from "./run-summary.ts"
import { byBytes } from "./search-sets.ts"

/** A run, and when it was created in Unix seconds. */
export interface DatedRun {
  readonly run: string
  readonly at: number
}

/** Orders runs by the time they were created, and within the same time by their id. */
export const compareDates = (a: DatedRun, b: DatedRun): number => a.at - b.at || byBytes(a.run, b.run)

/** From so many runs on it is cheaper to read the index through than to look each run up. */
const mostLookups = 5_000

/** Runs as {@link compareDates} orders them, or in the opposite order. */
export const sortedByDate = async (rows: Rows, runs: ReadonlySet<string>, descending: boolean): Promise<readonly DatedRun[]> =>
  runs.size > mostLookups ? filteredIndex(rows, runs, descending) : lookedUp(rows, runs, descending)

const filteredIndex = async (rows: Rows, runs: ReadonlySet<string>, reverse: boolean): Promise<readonly DatedRun[]> => {
  const sorted: DatedRun[] = []
  for await (const chunk of rows.eachUnder("indexes", ["created_at"], { reverse }))
    for (const { rest } of chunk) {
      const run = String(rest[1])
      if (runs.has(run)) sorted.push({ run, at: numberOf(rest[0] as Value) ?? 0 })
    }
  return sorted
}

const lookedUp = async (rows: Rows, runs: ReadonlySet<string>, descending: boolean): Promise<readonly DatedRun[]> => {
  const dated: DatedRun[] = []
  for (const run of runs) {
    const place = await placeOf(rows, run)
    if (place !== undefined) dated.push({ run, at: place.createdAt })
  }
  const sign = descending ? -1 : 1
  return dated.sort((a, b) => sign * compareDates(a, b))
}
