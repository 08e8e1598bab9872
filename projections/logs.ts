/** The lines of the terminal and the structured log records of a run. */
import { createHash } from "node:crypto"
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { setSample } from "./objects.ts"
import type { Projector } from "./projector.ts"
import { linesType, openTrace, recordsType } from "./traces.ts"

/** The names of the two sequences, both in the empty context; gateways refuse metrics and objects of these names there. */
export const linesName = "logs"
export const recordsName = "__log_records"

const emptyContext = encodeValue(new Map())

export const logs = {
  TerminalLinesLogged: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    const trace = await openTrace(context, run, { contextId: 0, name: linesName }, emptyContext, linesType)
    for (const [i, line] of data.lines.entries()) {
      const step = data.steps[i] ?? (trace.lastStep ?? -1) + 1
      const sample = { step, value: encodeValue(line), at: meta.at, epoch: null }
      await setSample(context, [run.id, "seqs", 0, linesName], trace.lastStep, sample)
      trace.reach(step)
    }
  },

  LogRecordsLogged: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    const trace = await openTrace(context, run, { contextId: 0, name: recordsName }, emptyContext, recordsType)
    // What is no value could be stored but never read again, so it is found before anything is.
    for (const value of data.records) decodeValue(value)
    const kept = await context.rows.get("own", ["recent_records", run.id])
    const recent = new RecentRecords(kept instanceof Uint8Array ? kept : new Uint8Array())
    for (const value of data.records) {
      if (!recent.add(value)) continue
      const step = (trace.lastStep ?? -1) + 1
      await setSample(context, [run.id, "seqs", 0, recordsName], trace.lastStep, { step, value, at: meta.at, epoch: null })
      trace.reach(step)
    }
    context.rows.set("own", ["recent_records", run.id], recent.bytes())
  },
} satisfies Projector

/** The hashes of a run's last 256 records: the stock client resends a batch on a new connection, records and all. */
class RecentRecords {
  readonly #hashes: string[]
  static readonly #most = 256
  static readonly #size = 8

  constructor(bytes: Uint8Array) {
    const text = Buffer.from(bytes).toString("latin1")
    this.#hashes = Array.from({ length: text.length / RecentRecords.#size }, (_, i) =>
      text.slice(i * RecentRecords.#size, (i + 1) * RecentRecords.#size),
    )
  }

  /** False when the record is among the last ones already. */
  add(record: Uint8Array): boolean {
    const hash = createHash("sha256").update(record).digest().toString("latin1", 0, RecentRecords.#size)
    if (this.#hashes.includes(hash)) return false
    this.#hashes.push(hash)
    if (this.#hashes.length > RecentRecords.#most) this.#hashes.shift()
    return true
  }

  bytes(): Uint8Array {
    return Buffer.from(this.#hashes.join(""), "latin1")
  }
}
