/** What each type of message states: exact values to facts. The hot path for plain metrics is in `plain-metric.ts`. */
import { catalog } from "../../events/index.ts"
import { bytesOf, hasControl, type IngestLimits, nameProblem, reservedNames } from "../limits.ts"
import { encodeValue } from "../msgpack.ts"
import { float, type Value, type ValueMap } from "../value.ts"
import { replacedSubtrees } from "./attributes.ts"
import { contentProblem } from "./content.ts"
import type { FrameFacts } from "./frame-facts.ts"
import type { RunIntake, Series } from "./intake.ts"
import type { Item } from "./item.ts"

/** The id that a name stands for now, whether or not anything bears it yet. */
export type BindName = (kind: "experiment" | "tag", name: string) => string

/** What a translation is made with. `now` is the gateway's clock in microseconds. */
export interface Desk {
  readonly intake: RunIntake
  readonly facts: FrameFacts
  readonly bind: BindName
  readonly now: number
  /** Set for `matyan.v1`: the place of the first message; each has one of its own, and lines of the terminal need no step. */
  readonly firstPlace?: number
}

/** Reads one message of its type and states its facts, unless the item has problems then. */
type Translate = (item: Item, desk: Desk) => void

/** Cuts a client's time to the gateway's clock, in microseconds; before 1970 counts as 1970. */
export const cutTime = (micros: number, now: number): number => (micros > now ? now : micros > 0 ? micros : 0)

const seconds = (micros: number): number => micros / 1e6

const createRun: Translate = (item, { intake: { runId }, facts, now }) => {
  const time = item.time("client_datetime")
  item.optionalBoolean("force_resume")
  if (item.problems.length > 0) return
  facts.state(catalog.RunCreated({ runId, clientStart: seconds(time) }), seconds(cutTime(time, now)))
}

const logMetric: Translate = (item, desk) => {
  const name = item.text("name")
  const value = item.float("value")
  const step = item.nullableInt("step")
  const epoch = item.nullableInt("epoch")
  const context = item.nullableMap("context")
  const dtype = item.nullableText("dtype")
  const time = item.time("client_datetime")
  checkDtype(item, dtype)
  const series = seriesOf(item, desk, name, context)
  if (series === null) return
  desk.facts.point(series, metricDtype(dtype), value, step, epoch, cutTime(time, desk.now))
}

/** The labels by which readers tell objects from metrics; a metric may not pass for one. */
const objectDtypes: ReadonlySet<string> = new Set(["image", "audio", "text", "distribution", "figure", "custom"])

export const metricDtype = (dtype: string | null): string =>
  dtype === null || dtype === "" || dtype === "logs" || dtype === "log_records" || objectDtypes.has(dtype) ? "float" : dtype

const logCustomObject: Translate = (item, desk) => {
  const { runId, limits } = desk.intake
  const name = item.text("name")
  const value = item.map("value")
  const step = item.optionalInt("step")
  const epoch = item.optionalInt("epoch")
  const context = item.optionalMap("context")
  const dtype = item.optionalText("dtype") ?? "custom"
  const time = item.optionalTime("client_datetime")
  checkContent(item, "value", value, limits)
  const bytes = encoded(item, "value", value, limits)
  const series = seriesOf(item, desk, name, context)
  if (series === null || bytes === null) return
  const { id: contextId, bytes: contextBytes } = series.context
  const kind = objectDtypes.has(dtype) ? dtype : "custom"
  const data = { runId, name, contextId, context: contextBytes, dtype: kind, step, epoch, value: bytes }
  desk.facts.object(series, catalog.ObjectLogged(data), seconds(cutTime(time ?? desk.now, desk.now)))
}

const logHparams: Translate = (item, { intake: { limits }, facts, now }) => {
  const value = item.map("value")
  const problem = contentProblem(value, "attributes", limits)
  if (problem !== null) item.refuse("value", problem)
  if (item.problems.length > 0 || value.size === 0) return
  const subtrees = replacedSubtrees(value)
  const paths = subtrees.map(([path]) => path)
  const values = subtrees.map(([, subtree]) => encodeValue(subtree))
  const bytes = sum(values.map((value) => value.length)) + sum(paths.map((path) => sum(path.map((key) => bytesOf(key) + 2))))
  if (bytes > limits.valueBytes) item.refuse("value", tooLarge(bytes, limits.valueBytes))
  else facts.attributes(paths, values, bytes, seconds(now))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const finishRun: Translate = (item, { intake: { runId }, facts, now }) => {
  const time = item.optionalTime("client_datetime")
  if (item.problems.length > 0) return
  const finishedAt = time === null ? null : seconds(time)
  facts.state(catalog.RunFinished({ runId, finishedAt }), seconds(cutTime(time ?? now, now)))
}

const setRunProperty: Translate = (item, { intake: { runId, limits }, facts, bind, now }) => {
  const name = item.optionalText("name")
  const description = item.optionalText("description")
  const experiment = item.optionalText("experiment")
  const archived = item.optionalBoolean("archived")
  if (name !== null && name !== "") checkName(item, "name", name, limits)
  if (experiment !== null) checkName(item, "experiment", experiment, limits)
  if (description !== null) checkSize(item, "description", description, limits.descriptionBytes)
  if (item.problems.length > 0) return
  const at = seconds(now)
  if (name !== null) facts.state(catalog.RunRenamed({ runId, name }), at)
  if (description !== null) facts.state(catalog.RunDescribed({ runId, description }), at)
  if (experiment !== null) {
    const experimentId = bind("experiment", experiment)
    facts.state(catalog.RunExperimentSet({ runId, experimentId, name: experiment }), at)
  }
  if (archived !== null) facts.state(archived ? catalog.RunArchived({ runId }) : catalog.RunUnarchived({ runId }), at)
}

const addTag: Translate = (item, { intake: { runId, limits }, facts, bind, now }) => {
  const name = item.text("tag_name")
  checkName(item, "tag_name", name, limits)
  if (item.problems.length > 0) return
  facts.state(catalog.RunTagged({ runId, tagId: bind("tag", name), name }), seconds(now))
}

const removeTag: Translate = (item, { intake: { runId, limits }, facts, bind, now }) => {
  const name = item.text("tag_name")
  checkName(item, "tag_name", name, limits)
  if (item.problems.length > 0) return
  facts.state(catalog.RunUntagged({ runId, tagId: bind("tag", name) }), seconds(now))
}

const logTerminalLine: Translate = (item, { intake: { limits }, facts, now, firstPlace }) => {
  const line = item.text("line")
  const step = firstPlace === undefined ? item.int("step") : item.optionalInt("step")
  checkSize(item, "line", line, limits.valueBytes)
  if (item.problems.length > 0) return
  facts.line(step, line, seconds(now))
}

const logRecord: Translate = (item, { intake: { limits }, facts, now }) => {
  const message = item.text("message")
  const level = item.int("level")
  const timestamp = item.float("timestamp")
  const args = item.optionalMap("extra_args")
  const logger = item.optionalList("logger_info")
  checkContent(item, "extra_args", args, limits)
  checkContent(item, "logger_info", logger, limits)
  const record = new Map<string, Value>([
    ["message", message],
    ["log_level", level],
    ["timestamp", float(timestamp)],
    ["args", args],
    ["logger_info", logger],
  ])
  const bytes = encoded(item, "message", record, limits)
  if (bytes === null) return
  const micros = Number.isFinite(timestamp) ? Math.round(timestamp * 1e6) : now
  facts.record(bytes, seconds(cutTime(micros, now)))
}

const blobRef: Translate = (item, { intake: { runId, limits }, facts, now }) => {
  const field = item.has("blob_key") && !item.has("s3_key") ? "blob_key" : "s3_key"
  const key = item.text(field)
  const path = item.text("artifact_path")
  const contentType = item.optionalText("content_type") ?? "application/octet-stream"
  const most = { ...limits, nameBytes: limits.pathBytes }
  checkName(item, field, key, { ...most, nameBytes: limits.runIdBytes + limits.pathBytes + 1 })
  if (hasControl(key)) item.refuse(field, `${field} has control characters`)
  checkName(item, "artifact_path", path, most)
  checkSize(item, "content_type", contentType, limits.nameBytes)
  if (item.problems.length > 0) return
  facts.state(catalog.ArtifactLogged({ runId, path, key, contentType }), seconds(now))
}

/** By the type's name, in the order in which the reference lists them. */
export const messageTypes: ReadonlyMap<string, Translate> = new Map([
  ["create_run", createRun],
  ["log_metric", logMetric],
  ["log_hparams", logHparams],
  ["finish_run", finishRun],
  ["set_run_property", setRunProperty],
  ["add_tag", addTag],
  ["remove_tag", removeTag],
  ["log_custom_object", logCustomObject],
  ["log_terminal_line", logTerminalLine],
  ["log_record", logRecord],
  ["blob_ref", blobRef],
])

/** The checked sequence of a message without other problems; else null. */
const seriesOf = (item: Item, { intake }: Desk, name: string, context: ValueMap | null): Series | null => {
  const { limits } = intake
  checkName(item, "name", name, limits)
  const empty = context === null || context.size === 0
  if (empty && reservedNames.has(name)) item.refuse("name", `${name} without a context is reserved for the run's own logs`)
  checkContent(item, "context", context, limits)
  if (item.problems.length > 0) return null
  const reference = intake.context(context)
  if (typeof reference === "string") {
    item.refuse("context", reference)
    return null
  }
  const series = intake.series(reference, name)
  if (typeof series !== "string") return series
  item.refuse("name", series)
  return null
}

const checkContent = (item: Item, field: string, value: Value, limits: IngestLimits): void => {
  const problem = contentProblem(value, "whole", limits)
  if (problem !== null) item.refuse(field, problem)
}

/** The bytes of a checked value, of an item without problems; else null. */
const encoded = (item: Item, field: string, value: Value, limits: IngestLimits): Uint8Array | null => {
  if (item.problems.length > 0) return null
  const bytes = encodeValue(value)
  if (bytes.length <= limits.valueBytes) return bytes
  item.refuse(field, tooLarge(bytes.length, limits.valueBytes))
  return null
}

const tooLarge = (bytes: number, most: number): string => `${bytes} bytes, at most ${most} are kept`

const checkName = (item: Item, field: string, name: string, limits: IngestLimits): void => {
  // A field with a problem of its own reads as empty; one complaint about it is enough.
  if (item.refused(field)) return
  const problem = nameProblem(field, name, limits.nameBytes)
  if (problem !== null) item.refuse(field, problem)
}

const checkDtype = (item: Item, dtype: string | null): void => {
  const problem = dtypeProblem(dtype ?? "")
  if (problem !== null) item.refuse("dtype", problem)
}

/** What is wrong with the name of a type, or null. */
export const dtypeProblem = (dtype: string): string | null =>
  bytesOf(dtype) > 128 || !dtype.isWellFormed() ? "dtype has more than 128 bytes" : null

const checkSize = (item: Item, field: string, text: string, most: number): void => {
  const bytes = bytesOf(text)
  if (bytes > most) item.refuse(field, tooLarge(bytes, most))
}
