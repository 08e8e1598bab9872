/** Where the records of runs stand: what histories are read by, held against the log itself. */
import { keyOf, type Recorded, type Undecodable } from "../../events/index.ts"
import { positionCount, positionsOf } from "../../projections/positions.ts"
import type { Rows } from "../../projections/rows.ts"
import { heard } from "./acknowledged.ts"

const data: ReadonlySet<string> = new Set(["PointsLogged", "ObjectLogged", "TerminalLinesLogged", "LogRecordsLogged"])

/** The runs of which other records are noted than the log has, repeats and what cannot be decoded among them. */
export const placeDifferences = async (rows: Rows, records: readonly (Recorded | Undecodable)[]): Promise<readonly string[]> => {
  const decoded = records.filter((record): record is Recorded => record.type !== "Undecodable")
  const first = new Set<Recorded | Undecodable>(heard(decoded))
  const wanted = new Map<string, string[]>()
  for (const record of records) {
    if (record.position.topic !== "data-ingestion") continue
    const run = record.type === "Undecodable" ? record.key : keyOf(record)
    const isRepeat = record.type !== "Undecodable" && !first.has(record)
    const holds = isRepeat ? "repeat" : data.has(record.type) ? "data" : "change"
    wanted.set(run, [...(wanted.get(run) ?? []), `${record.position.partition}/${record.position.offset} ${holds}`])
  }
  const differences: string[] = []
  for (const [run, places] of wanted) {
    const stream = { topic: "data-ingestion", kind: "run", id: run } as const
    const noted = await positionsOf(rows, stream, { from: 0, to: await positionCount(rows, stream) })
    const text = noted.map(({ position, holds }) => `${position.partition}/${position.offset} ${holds}`).join()
    if (text !== places.join()) differences.push(`the positions of ${run} are ${text}, in the log ${places.join()}`)
  }
  return differences
}
