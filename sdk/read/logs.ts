/** What a run printed and said: the lines of its terminal, and its log records. */
import type { LogRecord as Told } from "./api-types.ts"
import type { Connection } from "./connection.ts"
import { entriesOf } from "./entries.ts"
import { MatyanError } from "./errors.ts"
import { rangeOf } from "./objects.ts"
import { backoff, pause } from "./pause.ts"
import { type ReadOptions, seen } from "./runs.ts"

/** A line of the terminal. */
export interface LogLine {
  /** The number of the line, from 0. */
  readonly step: number
  readonly line: string
}

/** What was logged at a level. */
export interface LogRecord {
  readonly step: number
  readonly message: unknown
  readonly level: "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL" | (string & {})
  /** Unix seconds. */
  readonly time: number
  readonly args: unknown
  readonly logger: unknown
}

/** Which part of a log. */
export interface LogOptions extends ReadOptions {
  /** From the first to before the second; null: no bound. Without it the last 200; `[0, null]`: all, as they come. */
  readonly steps?: readonly [number | null, number | null]
}

/** What can be done with logs. */
export interface Logs {
  /** Lines of the terminal; none of an unknown run. Goes on where a connection broke. */
  readonly lines: (run: string, options?: LogOptions) => AsyncIterable<LogLine>
  /** Log records, in the same way. */
  readonly records: (run: string, options?: LogOptions) => AsyncIterable<LogRecord>
}

/** What can be done with logs over a connection. */
export const logsOf = (connection: Connection): Logs => ({
  lines: (run, options = {}) => linesOf(connection, run, options),
  records: (run, options = {}) => recordsOf(connection, run, options),
})

async function* linesOf(connection: Connection, run: string, options: LogOptions): AsyncGenerator<LogLine, undefined> {
  for await (const { step, value } of stepsOf(connection, "GET /runs/{id}/logs", run, options))
    yield { step, line: String(value) }
}

async function* recordsOf(connection: Connection, run: string, options: LogOptions): AsyncGenerator<LogRecord, undefined> {
  for await (const { step, value } of stepsOf(connection, "GET /runs/{id}/log-records", run, options)) {
    // What the API's document says of this tree.
    const { message, log_level, timestamp, args, logger_info } = value as Told
    yield { step, message, level: log_level, time: timestamp, args, logger: logger_info }
  }
}

/** What stands at each step, in their order; where the connection breaks it goes on behind the last that came. */
async function* stepsOf(
  connection: Connection,
  operation: "GET /runs/{id}/logs" | "GET /runs/{id}/log-records",
  run: string,
  { steps, ...options }: LogOptions,
): AsyncGenerator<{ readonly step: number; readonly value: unknown }, undefined> {
  let [range, failed] = [steps, 0]
  for (;;) {
    try {
      const query = { ...(range === undefined ? {} : { record_range: rangeOf(range) }), ...seen(options) }
      const response = await connection.open(operation, { path: { id: run }, query, signal: options.signal })
      for await (const { key, value } of entriesOf(response, operation, options.signal)) {
        // Beside the records, by their numbers, the tree has how many there are.
        if (typeof key !== "number") continue
        yield { step: key, value }
        failed = 0
        range = [key + 1, steps?.[1] ?? null]
      }
      return
    } catch (error) {
      if (!(error instanceof MatyanError) || error.code !== "cut" || failed >= connection.retries.times) throw error
      await pause(backoff(failed++, connection.retries.firstMillis, 5_000), options.signal)
    }
  }
}
