import { array, bytes, double, event, long, nullable, string } from "./define.ts"

const sequence = {
  runId: string,
  name: string,
  /** The id of the context (see `domain/context.ts`), and the context itself as msgpack; id 0 is the empty one. */
  contextId: long,
  context: bytes,
}

/**
 * Values of one metric, in the order they were logged: the hottest event, so it holds columns.
 *
 * `steps` is empty when the steps are to be counted on from the last one; `epochs` is empty when there are none.
 * The time of point i is `firstTime + timeOffsets[i]`, in microseconds since 1970.
 */
export const PointsLogged = event("PointsLogged", {
  topic: "data-ingestion",
  key: "runId",
  fields: {
    ...sequence,
    dtype: string,
    values: array(double),
    steps: array(long),
    epochs: array(long),
    firstTime: long,
    timeOffsets: array(long),
  },
})

/** An image, audio, text, distribution, figure or custom object at one step (null: the next one). `value` is msgpack. */
export const ObjectLogged = event("ObjectLogged", {
  topic: "data-ingestion",
  key: "runId",
  fields: { ...sequence, dtype: string, step: nullable(long), epoch: nullable(long), value: bytes },
})

/**
 * Lines of the terminal, each at its step; a later line at the same step replaces it. `steps` is empty when they are to be counted on
 * from the last one.
 */
export const TerminalLinesLogged = event("TerminalLinesLogged", {
  topic: "data-ingestion",
  key: "runId",
  fields: { runId: string, steps: array(long), lines: array(string) },
})

/** Structured log records in order; each is the msgpack of `{message, log_level, timestamp, args, logger_info}`. */
export const LogRecordsLogged = event("LogRecordsLogged", {
  topic: "data-ingestion",
  key: "runId",
  fields: { runId: string, records: array(bytes) },
})
