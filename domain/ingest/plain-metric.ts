/**
 * The hot path: points as the stock client sends them, straight from `JSON.parse`. It takes only what reads the same there
 * as in Python (no `-0`, no infinity, contexts of strings, booleans and nulls) and belongs to a known sequence, and it makes
 * nothing for a point but the numbers it keeps.
 */
import { microsOfText } from "../time.ts"
import type { FrameFacts } from "./frame-facts.ts"
import type { ContextRef, RunIntake } from "./intake.ts"
import { cutTime, metricDtype } from "./messages.ts"

/** A message as `JSON.parse` gives it. */
export interface PlainItem {
  readonly [field: string]: unknown
}

/** Adds the point of a plain `log_metric`, or answers false: then the message is to be read exactly. `now` in microseconds. */
export const addPlainMetric = (item: PlainItem, intake: RunIntake, facts: FrameFacts, now: number): boolean => {
  const value = item["value"]
  if (typeof value !== "number" || !Number.isFinite(value) || Object.is(value, -0)) return false
  const step = item["step"]
  if (step !== null && !isSafe(step)) return false
  const epoch = item["epoch"]
  if (epoch !== null && !isSafe(epoch)) return false
  const dtype = item["dtype"]
  if (dtype !== null && typeof dtype !== "string") return false
  const name = item["name"]
  const time = item["client_datetime"]
  if (typeof name !== "string" || typeof time !== "string" || (dtype !== null && dtype.length > 40)) return false
  const series = plainContext(item["context"], intake)?.series.get(name)
  const micros = microsOfText(time)
  if (series === undefined || Number.isNaN(micros)) return false
  facts.point(series, metricDtype(dtype), value, step, epoch, cutTime(micros, now))
  return true
}

const isSafe = (value: unknown): value is number => Number.isSafeInteger(value)

const plainContext = (context: unknown, intake: RunIntake): ContextRef | undefined => {
  if (context === null) return intake.noContext
  if (typeof context !== "object" || Array.isArray(context)) return undefined
  // JSON.parse makes plain objects, whose keys and values are what they seem.
  const fields = context as PlainItem
  for (const key in fields) {
    const value = fields[key]
    if (value !== null && typeof value !== "string" && typeof value !== "boolean") return undefined
    // An object would have put keys that look like integers first.
    const first = key.charCodeAt(0)
    if (first >= 0x30 && first <= 0x39) return undefined
  }
  return intake.knownContext(JSON.stringify(fields))
}
