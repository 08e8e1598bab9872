/** Keeps the summaries of runs what their documented rows say. */
import type { ValueMap } from "../domain/value.ts"
import { isMap, numberOf } from "../domain/value.ts"
import type { Tuple } from "./keys.ts"
import { indexFields } from "./own-index.ts"
import { placeBytes, summaryBytes, summaryKey } from "./run-summary.ts"
import type { Below, Rows, WritableRows } from "./rows.ts"
import { unflatten } from "./tree.ts"

/** Where a run's artifacts stand in its attributes. */
export const blobs = "__blobs__"

/** The attributes under which the client keeps what it knows of the machine and process. */
export const systemParams = "__system_params"

/** A text that sorts above all rows below another, and with nothing between. */
const after = (name: string): string => `${name}\0`

/** Parameters of more rows or bytes are read where they stand. */
const mostRows = 300
const mostBytes = 8_000

/** Writes the summary of a run that is there and not deleted, and the index entries over its fields. */
export const writeSummary = async (rows: WritableRows, run: string, meta: ValueMap): Promise<void> => {
  const [tags, attributes, system] = [
    await rows.under("runs", [run, "tags"]),
    await smallAttributes(rows, run),
    await rows.between("runs", [run, "attrs"], [systemParams], [after(systemParams)], { limit: 1 }),
  ]
  const tagIds = tags.map(({ rest }) => String(rest[0]))
  const bytes = summaryBytes({ meta, tagIds, attributes, hasSystemParams: system.length > 0 })
  await indexFields(rows, run, meta)
  rows.setBytes("own", ["place", run], placeBytes(meta))
  rows.setBytes("own", summaryKey(run, createdAt(meta)), bytes)
}

export const clearSummary = (rows: WritableRows, run: string, meta: ValueMap): void => {
  rows.clear("own", ["place", run])
  rows.clear("own", summaryKey(run, createdAt(meta)))
}

const createdAt = (meta: ValueMap): number => numberOf(meta.get("created_at")) ?? 0

/** The run's attributes but for its artifacts and those of the system; null where they are too many. */
const smallAttributes = async (rows: Rows, run: string): Promise<ValueMap | null> => {
  const found: Below[] = []
  let bytes = 0
  for (const [from, to] of stretches) {
    const limit = mostRows + 1 - found.length
    const stored = await rows.between("runs", [run, "attrs"], from, to, { limit })
    for (const row of stored) bytes += row.bytes.length
    found.push(...stored)
    // The parts of a large value may have been cut off by the limit, but then one that was read is beyond the other.
    if (found.length > mostRows || bytes > mostBytes) return null
  }
  const value = unflatten(found)
  return isMap(value) ? value : new Map()
}

const stretches: readonly (readonly [from: Tuple, to: Tuple | null])[] = [
  [[], [blobs]],
  [[after(blobs)], [systemParams]],
  [[after(systemParams)], null],
]
