/** Reads images, audios, texts, distributions and figures: which steps there are, and what was logged at some of them. */
import { decodeValue } from "../domain/msgpack.ts"
import { isMap, numberOf, type ValueMap } from "../domain/value.ts"
import type { Rows } from "./rows.ts"
import type { SequenceId } from "./traces.ts"

/** What was logged at one step. */
export interface ObjectRecord {
  readonly step: number
  /** One item, or as many as were logged together. */
  readonly items: readonly ValueMap[]
  readonly epoch: number | null
  /** Unix seconds. */
  readonly time: number | null
}

/** The steps of an object sequence, ascending; none where there is no such sequence. */
export const objectSteps = async (rows: Rows, run: string, id: SequenceId): Promise<readonly number[]> =>
  // This column has the same keys as the values, which may be large.
  (await rows.under("runs", [run, "seqs", id.contextId, id.name, "step"])).map(({ rest }) => Number(rest[0]))

/** What was logged at these steps; a step without a value is left out. */
export const readObjects = async (
  rows: Rows,
  run: string,
  id: SequenceId,
  steps: readonly number[],
): Promise<readonly ObjectRecord[]> => {
  const key = [run, "seqs", id.contextId, id.name] as const
  const records: ObjectRecord[] = []
  for (const step of steps) {
    const [value, epoch, time] = await Promise.all([
      rows.bytes("runs", [...key, "val", step]),
      rows.get("runs", [...key, "epoch", step]),
      rows.get("runs", [...key, "time", step]),
    ])
    if (value === undefined) continue
    records.push({ step, items: itemsOf(value), epoch: numberOf(epoch) ?? null, time: numberOf(time) ?? null })
  }
  return records
}

const itemsOf = (bytes: Uint8Array): readonly ValueMap[] => {
  const value = decodeValue(bytes)
  return (Array.isArray(value) ? value : [value]).filter(isMap)
}
