/** The project as a whole, as it is read: how much there is, what it is called, and what is pinned. */
import { float, numberOf, type Value } from "../domain/value.ts"
import type { Element } from "./keys.ts"
import type { Rows } from "./rows.ts"

export interface ProjectCounts {
  readonly runs: number
  readonly archived: number
  readonly active: number
}

/** How many runs there are; deleted ones do not count. */
export const countRuns = async (rows: Rows): Promise<ProjectCounts> => {
  const [archived, unarchived, active] = await Promise.all([
    countUnder(rows, ["archived", true]),
    countUnder(rows, ["archived", false]),
    countUnder(rows, ["active", true]),
  ])
  return { runs: archived + unarchived, archived, active }
}

const countUnder = async (rows: Rows, entry: readonly (string | boolean)[]): Promise<number> => {
  let count = 0
  for await (const chunk of rows.eachUnder("indexes", entry)) count += chunk.length
  return count
}

/** A run and when it was created, in Unix seconds. */
export interface CreatedRun {
  readonly id: string
  readonly createdAt: number
}

/** All runs, oldest first. */
export async function* runsByCreation(rows: Rows): AsyncGenerator<readonly CreatedRun[]> {
  for await (const chunk of rows.eachUnder("indexes", ["created_at"])) yield chunk.map(createdRun)
}

/** As {@link runsByCreation}, at most so many after `after`, the last one of the page before. */
export const runsCreatedAfter = async (rows: Rows, after: CreatedRun | null, limit: number): Promise<readonly CreatedRun[]> => {
  const from = after === null ? [] : [float(after.createdAt), `${after.id}\0`]
  return (await rows.between("indexes", ["created_at"], from, null, { limit })).map(createdRun)
}

/** The runs that were created last, newest first. */
export const newestRuns = async (rows: Rows, limit: number): Promise<readonly CreatedRun[]> =>
  (await rows.under("indexes", ["created_at"], { reverse: true, limit })).map(createdRun)

const createdRun = ({ rest }: { readonly rest: readonly Element[] }): CreatedRun => ({
  id: String(rest[1]),
  createdAt: numberOf(rest[0] as Value) ?? 0,
})

/** The pinned sequences as they were stored: maps of `name` and `context`. */
export const pinnedSequences = async (rows: Rows): Promise<readonly Value[]> => {
  const stored = await rows.get("system", ["pinned_sequences", "__leaf__"])
  return Array.isArray(stored) ? (stored as readonly Value[]) : []
}
