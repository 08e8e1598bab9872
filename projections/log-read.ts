/** Reads the lines of a run's terminal and its log records. */
import { numberOf, type Value } from "../domain/value.ts"
import { linesName, recordsName } from "./logs.ts"
import type { Rows } from "./rows.ts"

export interface LogEntry {
  readonly step: number
  /** A line, or the fields of a record. */
  readonly value: Value
}

/** Half-open; null means no bound. */
export interface LogRange {
  readonly start: number | null
  readonly stop: number | null
}

export type LogKind = "lines" | "records"

const nameOf: Readonly<Record<LogKind, string>> = { lines: linesName, records: recordsName }
const shownByDefault = 200

/** The range that is meant: the last 200 steps where none was asked for. */
export const logRange = async (rows: Rows, run: string, kind: LogKind, { start, stop }: LogRange): Promise<LogRange> => {
  if (start !== null || stop !== null) return { start, stop }
  const last = await lastStep(rows, run, kind)
  return last === undefined ? { start, stop } : { start: Math.max(last - shownByDefault + 1, 0), stop: last + 1 }
}

/** At most so many entries of a range, from its start on; none for an unknown run. */
export const readLog = async (
  rows: Rows,
  run: string,
  kind: LogKind,
  { start, stop }: LogRange,
  limit: number,
): Promise<readonly LogEntry[]> => {
  const log = [run, "seqs", 0, nameOf[kind]]
  if (start !== null && stop !== null && stop <= start) return []
  // Values may be in parts, so the steps are taken from the column beside them, whose rows are small.
  const steps = await rows.between("runs", [...log, "step"], start === null ? [] : [start], stop === null ? null : [stop], {
    limit,
  })
  return Promise.all(
    steps.map(async ({ rest }) => {
      const step = Number(rest[0])
      return { step, value: (await rows.get("runs", [...log, "val", step])) ?? null }
    }),
  )
}

/** How many log records a run has. They are numbered from 0 without a gap. */
export const recordCount = async (rows: Rows, run: string): Promise<number> => {
  const last = await lastStep(rows, run, "records")
  return last === undefined ? 0 : last + 1
}

const lastStep = async (rows: Rows, run: string, kind: LogKind): Promise<number | undefined> =>
  numberOf(await rows.get("runs", [run, "traces", 0, nameOf[kind], "last_step"]))
