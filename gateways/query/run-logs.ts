/** The lines of a run's terminal and its log records, as streams. */
import type { FastifyInstance } from "fastify"
import { float, isMap, numberOf, type Value, type ValueMap } from "../../domain/value.ts"
import { type LogEntry, type LogKind, type LogRange, logRange, readLog, recordCount } from "../../projections/log-read.ts"
import { isTombstoned } from "../../projections/run-presence.ts"
import { recordRange } from "./api-parameters.ts"
import type { Gateway } from "./gateway.ts"
import { idIn } from "./parameters.ts"
import { type Tree, TreeWriter } from "./stream-codec.ts"
import { clientSignal, sendStream } from "./streaming.ts"

export const runLogRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/runs/:id/logs", async (request, reply) => {
      const id = idIn(request)
      const asked = recordRange.read(request)
      const range = await gateway.read(async (rows) =>
        (await isTombstoned(rows, id)) ? nothing : logRange(rows, id, "lines", asked),
      )
      return sendStream(reply, written(entriesOf(gateway, id, "lines", range, clientSignal(reply)), new TreeWriter(), lineTree))
    })

    app.get("/runs/:id/log-records", async (request, reply) => {
      const id = idIn(request)
      const asked = recordRange.read(request)
      const { count, range } = await gateway.read(async (rows) => {
        if (await isTombstoned(rows, id)) return { count: 0, range: nothing }
        return { count: await recordCount(rows, id), range: await logRange(rows, id, "records", asked) }
      })
      const writer = new TreeWriter().write({ log_records_count: count })
      return sendStream(reply, written(entriesOf(gateway, id, "records", range, clientSignal(reply)), writer, recordTree))
    })
  }

const nothing: LogRange = { start: 0, stop: 0 }

/** Entries read in one transaction. */
const pageSize = 500

async function* entriesOf(
  gateway: Gateway,
  run: string,
  kind: LogKind,
  range: LogRange,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEntry[]> {
  let { start } = range
  while (!signal.aborted) {
    const from = start
    const page = await gateway.read((rows) => readLog(rows, run, kind, { start: from, stop: range.stop }, pageSize))
    yield page
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    start = last.step + 1
  }
}

async function* written(
  pages: AsyncGenerator<readonly LogEntry[]>,
  writer: TreeWriter,
  treeOf: (value: Value) => Tree,
): AsyncGenerator<Uint8Array> {
  for await (const page of pages) {
    for (const { step, value } of page) writer.write(treeOf(value), [step])
    yield writer.take()
  }
}

const lineTree = (value: Value): Tree => (typeof value === "string" ? value : "")

const levels: ReadonlyMap<number, string> = new Map([
  [10, "DEBUG"],
  [20, "INFO"],
  [30, "WARNING"],
  [40, "ERROR"],
  [50, "CRITICAL"],
])

const recordTree = (value: Value): Tree => {
  const record: ValueMap = isMap(value) ? value : new Map()
  const level = record.get("log_level")
  return {
    message: record.get("message") ?? "",
    log_level: typeof level === "string" ? level : (levels.get(numberOf(level) ?? 20) ?? "INFO"),
    timestamp: float(numberOf(record.get("timestamp")) ?? 0),
    args: record.get("args") ?? null,
    logger_info: record.get("logger_info") ?? null,
    is_notified: true,
  }
}
