/** Whether a run is there at all, which is all that most commands need to know. */
import type { Rows } from "./rows.ts"

/** Whether the run is there and not deleted. */
export const isRun = async (rows: Rows, id: string): Promise<boolean> =>
  (await rows.has("runs", [id, "meta", "created_at", "__leaf__"])) && !(await isTombstoned(rows, id))

/** Whether the run was deleted, and its id not freed. */
export const isTombstoned = (rows: Rows, id: string): Promise<boolean> => rows.has("indexes", ["_deleted", id])

/** Whether the run is deleted and its data still stands. */
export const isRestorable = (rows: Rows, id: string): Promise<boolean> => rows.has("own", ["trash", id])

/** Of these ids, the runs that are there. */
export const existingRuns = async (rows: Rows, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  const existing = new Set<string>()
  for (const id of ids) if (await isRun(rows, id)) existing.add(id)
  return existing
}
