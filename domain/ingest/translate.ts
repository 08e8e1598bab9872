/** One frame of a client to the facts it states: pure, and each message stands alone. */
import type { IngestLimits } from "../limits.ts"
import { parseJson } from "../json.ts"
import { isMap, type Value, type ValueMap } from "../value.ts"
import { FrameFacts, type Stated } from "./frame-facts.ts"
import type { RunIntake } from "./intake.ts"
import { Item } from "./item.ts"
import { type BindName, type Desk, messageTypes } from "./messages.ts"
import { addPlainMetric, PlainFrame, type PlainItem } from "./plain-metric.ts"
import { errorText, type Problem, type Refused } from "./problem.ts"

export interface Translation {
  /** What the good messages state, in order. */
  readonly stated: readonly Stated[]
  /** What the reply says about the bad ones; null where there are none. */
  readonly error: string | null
  /** How many messages of each known type there were; those of none count as `invalid`. */
  readonly counts: ReadonlyMap<string, number>
}

/** `not-messages`: a JSON scalar, or a list with something else than objects, which is not answered at all. */
export type Reading = Translation | "not-messages"

/** Translates the text of one frame for the intake's run. `now` is Unix seconds by the gateway's clock. */
export const translateFrame = (text: string, intake: RunIntake, now: number, bind: BindName): Reading => {
  const facts = new FrameFacts(intake)
  const read = translateMessages(text, { intake, facts, bind, now: Math.floor(now * 1e6) })
  const stated = facts.done()
  if (read === "not-messages") return read
  return { ...read, stated: read.isWhole ? stated : [] }
}

/** What came of messages whose facts were gathered; not `isWhole` where none of them could be read, and so none counts. */
export interface MessagesRead extends Omit<Translation, "stated"> {
  readonly isWhole: boolean
}

/** Gathers what the messages of a text state in the desk's facts. */
export const translateMessages = (text: string, desk: Desk): MessagesRead | "not-messages" => {
  const { limits } = desk.intake
  const frame = readFrame(text, limits)
  if (frame === null) return "not-messages"
  if (typeof frame === "string") return unread(frame, "invalid")
  if (frame.count <= limits.frameItems) return translateItems(frame, desk)
  return unread(`the frame has ${frame.count} messages, at most ${limits.frameItems} are read`)
}

const unread = (error: string, type?: string): MessagesRead => ({
  error,
  counts: new Map(type === undefined ? [] : [[type, 1]]),
  isWhole: false,
})

/** A frame's messages: as `JSON.parse` gives them where it can, and exactly, made when first asked for. */
interface Frame {
  readonly count: number
  readonly batch: boolean
  readonly plain: PlainFrame | null
  /** A text says what is wrong with the whole frame. */
  readonly exact: () => readonly ValueMap[] | string
}

const translateItems = (frame: Frame, desk: Desk): MessagesRead => {
  const refused: Refused[] = []
  const counts = new Map<string, number>()
  let plainMetrics = 0
  for (let index = 0; index < frame.count; index++) {
    const plain = frame.plain?.items[index]
    if (desk.firstPlace !== undefined) desk.facts.at(desk.firstPlace + index)
    if (
      frame.plain !== null &&
      plain?.["type"] === "log_metric" &&
      addPlainMetric(frame.plain, plain, desk.intake, desk.facts, desk.now)
    ) {
      plainMetrics++
      continue
    }
    const exact = plain === undefined ? undefined : scalarsOf(plain)
    const items = exact === undefined ? frame.exact() : undefined
    if (typeof items === "string") return unread(items, "invalid")
    const fields = exact ?? items?.[index]
    if (fields === undefined) continue
    const { type, problems } = translateItem(fields, desk)
    counts.set(type, (counts.get(type) ?? 0) + 1)
    if (problems.length > 0) refused.push({ index, problems })
  }
  if (plainMetrics > 0) counts.set("log_metric", (counts.get("log_metric") ?? 0) + plainMetrics)
  return { error: refused.length === 0 ? null : errorText(refused, frame.batch), counts, isWhole: true }
}

const translateItem = (sent: ValueMap, desk: Desk): { readonly type: string; readonly problems: readonly Problem[] } => {
  const fields = new Map(sent).set("run_id", desk.intake.runId)
  const type = fields.get("type")
  if (type === undefined) {
    const text = "Unable to extract tag using discriminator 'type'"
    return { type: "invalid", problems: [{ where: null, text, kind: "union_tag_not_found", input: fields }] }
  }
  const translate = typeof type === "string" ? messageTypes.get(type) : undefined
  if (typeof type !== "string" || translate === undefined) {
    const known = [...messageTypes.keys()].map((name) => `'${name}'`).join(", ")
    const shown = typeof type === "string" ? type.slice(0, 100) : "(not a string)"
    const text = `Input tag '${shown}' found using 'type' does not match any of the expected tags: ${known}`
    return { type: "invalid", problems: [{ where: null, text, kind: "union_tag_invalid", input: fields }] }
  }
  const item = new Item(fields, type)
  translate(item, desk)
  return { type, problems: item.problems }
}

/** The messages of a frame; null where they are none; a text where it is not JSON. */
const readFrame = (text: string, limits: IngestLimits): Frame | null | string => {
  if (text.length > limits.frameValues && hasMoreValues(text, limits.frameValues))
    return `the frame has more than ${limits.frameValues} values`
  const parsed = plainJson(text)
  if (parsed !== undefined) {
    const batch = Array.isArray(parsed)
    const items: readonly unknown[] = batch ? parsed : [parsed]
    if (!items.every(isPlainItem)) return null
    const plain = new PlainFrame(items, text)
    let exact: readonly ValueMap[] | string | null | undefined
    return { count: items.length, batch, plain, exact: () => (exact ??= exactItems(text, limits)) ?? [] }
  }
  const items = exactItems(text, limits)
  if (items === null || typeof items === "string") return items
  return { count: items.length, batch: /^\s*\[/.test(text), plain: null, exact: () => items }
}

/** Whether there are more brackets and commas than that: a cheap bound on the values, before any is made. */
const hasMoreValues = (text: string, most: number): boolean => {
  let count = 0
  for (let at = 0; at < text.length && count <= most; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2c || code === 0x5b || code === 0x7b) count++
  }
  return count > most
}

const plainJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isPlainItem = (item: unknown): item is PlainItem => typeof item === "object" && item !== null && !Array.isArray(item)

/** A message's value stands within it and within the frame's list; it is refused before anything is reached that was cut. */
const envelope = 4

const exactItems = (text: string, limits: IngestLimits): readonly ValueMap[] | null | string => {
  const parsed = parseJson(text, { deepest: limits.depth + envelope, cut: true })
  if ("error" in parsed) return parsed.error
  const items: readonly Value[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value]
  return items.every(isMap) ? items : null
}

/** Types whose fields are texts, flags and integers, which `JSON.parse` reads well enough. */
const scalarTypes: ReadonlySet<unknown> = new Set([
  "create_run",
  "finish_run",
  "set_run_property",
  "add_tag",
  "remove_tag",
  "log_terminal_line",
  "blob_ref",
])

/** The fields of such a message; undefined where anything in it needs exact reading. */
const scalarsOf = (item: PlainItem): ValueMap | undefined => {
  if (!scalarTypes.has(item["type"])) return undefined
  const fields = new Map<string, Value>()
  for (const [key, value] of Object.entries(item)) {
    if (value !== null && typeof value !== "string" && typeof value !== "boolean" && !Number.isSafeInteger(value))
      return undefined
    // Checked just now: a scalar, or a safe integer.
    fields.set(key, value as Value)
  }
  return fields
}
