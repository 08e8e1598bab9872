/** The deleted runs, as people look for what can be brought back. */
import { decodeValue } from "../domain/msgpack.ts"
import { numberOf } from "../domain/value.ts"
import { type Page, pageUnder } from "./row-pages.ts"
import type { Rows } from "./rows.ts"
import { isRestorable } from "./run-presence.ts"
import { type ExperimentName, experimentOf } from "./run-view.ts"

/** `name` and `experiment` are null once the data is gone. */
export interface DeletedRun {
  readonly id: string
  readonly name: string | null
  readonly experiment: ExperimentName | null
  /** Unix seconds. */
  readonly deletedAt: number
  /** Whether its data still stands, so that it can be restored. */
  readonly isRestorable: boolean
}

/** The deleted runs by their ids, also those whose data is gone: their ids are not free. */
export const deletedRuns = async (rows: Rows, page: Page): Promise<readonly DeletedRun[]> => {
  const found = await pageUnder(rows, "indexes", ["_deleted"], page)
  return Promise.all(found.map(({ rest, bytes }) => deletedRun(rows, String(rest[0]), numberOf(decodeValue(bytes)) ?? 0)))
}

const deletedRun = async (rows: Rows, id: string, deletedAt: number): Promise<DeletedRun> => {
  const field = async (name: string): Promise<string | null> => {
    const value = await rows.get("runs", [id, "meta", name, "__leaf__"])
    return typeof value === "string" ? value : null
  }
  const experimentId = await field("experiment_id")
  return {
    id,
    name: await field("name"),
    experiment: await experimentOf(rows, { experimentId }),
    deletedAt,
    isRestorable: await isRestorable(rows, id),
  }
}
