/**
 * The hot path: points as the stock client sends them, straight from `JSON.parse`. It takes only what reads the same there
 * as in Python (no `-0`, no infinity, flat contexts) and belongs to a known sequence, and it makes
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

/** A frame as `JSON.parse` gives it, and what its text alone can tell. */
export class PlainFrame {
  readonly items: readonly PlainItem[]
  readonly #text: string
  #integersAreInts: boolean | undefined

  constructor(items: readonly PlainItem[], text: string) {
    this.items = items
    this.#text = text
  }

  /**
   * Whether every integral number in a context was written as an int (`1`, not `1.0`), of contexts in whose strings is
   * no `}`. Escapes could hide the word and the brace, so a text that has any does not count.
   */
  get integersAreInts(): boolean {
    return (this.#integersAreInts ??= !this.#text.includes("\\u") && !floatInContext.test(this.#text))
  }
}

const floatInContext = /"context"\s*:\s*\{[^}]*\d[.eE]/

/** Adds the point of a plain `log_metric`, or answers false: then the message is to be read exactly. `now` in microseconds. */
export const addPlainMetric = (
  frame: PlainFrame,
  item: PlainItem,
  intake: RunIntake,
  facts: FrameFacts,
  now: number,
): boolean => {
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
  const series = plainContext(frame, item["context"], intake)?.series.get(name)
  const micros = microsOfText(time)
  if (series === undefined || Number.isNaN(micros)) return false
  facts.point(series, metricDtype(dtype), value, step, epoch, cutTime(micros, now))
  return true
}

const isSafe = (value: unknown): value is number => Number.isSafeInteger(value)

/** The known context that is read here as it would be exactly; its text is then the one it is known by. */
const plainContext = (frame: PlainFrame, context: unknown, intake: RunIntake): ContextRef | undefined => {
  if (context === null) return intake.noContext
  if (typeof context !== "object" || Array.isArray(context)) return undefined
  // JSON.parse makes plain objects, whose keys and values are what they seem.
  const fields = context as PlainItem
  let braces = false
  let integers = false
  for (const key in fields) {
    const value = fields[key]
    if (typeof value === "string") braces ||= value.includes("}")
    else if (typeof value === "number") {
      const isInteger = Number.isInteger(value)
      if (isInteger ? !isSafe(value) || Object.is(value, -0) : !Number.isFinite(value)) return undefined
      integers ||= isInteger
    } else if (value !== null && typeof value !== "boolean") return undefined
    // An object would have put keys that look like integers first.
    const first = key.charCodeAt(0)
    if (first >= 0x30 && first <= 0x39) return undefined
    braces ||= key.includes("}")
  }
  if (integers && (braces || !frame.integersAreInts)) return undefined
  return intake.knownContext(JSON.stringify(fields))
}
