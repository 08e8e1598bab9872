/** The samples of a run in an archive of format 1, as facts: points in batches, everything else by itself. */
import { metricDtype } from "../../domain/ingest/messages.ts"
import { parseJson } from "../../domain/json.ts"
import { defaultIngestLimits, nameProblem } from "../../domain/limits.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { microsOf } from "../../domain/time.ts"
import { isMap, numberOf, type Value } from "../../domain/value.ts"
import type { Stated } from "../../domain/ingest/frame-facts.ts"
import { type AnyFact, catalog } from "../../events/index.ts"
import { kindOf, linesType, objectTypes, type SequenceKind } from "../../projections/traces.ts"
import { type Archive, linesOf } from "./archive.ts"
import type { Context, RunFile } from "./run-files.ts"
import { ArchiveUnsound } from "./unsound.ts"

/** So many points of one sequence are one event: at most 30 bytes each, they stay far below 512 kB. */
const mostPoints = 8_192

/** A fact, and for log records the step of the first. */
export interface SampleFact extends Stated {
  readonly samples: number
  readonly recordsFrom?: number
}

/**
 * Throws {@link ArchiveUnsound} at the first line that is no sample. `onLost` hears of each object that the reference's client
 * could not read and wrote a number for (its codec knows no objects): it is left out.
 */
export async function* sampleFacts(
  archive: Archive,
  run: RunFile,
  onLost: () => void = () => undefined,
): AsyncGenerator<SampleFact> {
  const path = `runs/${run.id}/sequences.jsonl`
  if (!archive.files.has(path)) return
  const group = new Group(run)
  for await (const { number, text } of linesOf(archive, path)) {
    if (text.trim() === "") continue
    const sample = sampleOf(text, run, (name) => archive.files.has(`runs/${run.id}/blobs/${name}`))
    if (typeof sample === "string" && sample !== lost)
      throw new ArchiveUnsound({ message: `${archive.name}: ${path}, line ${number}: ${sample}` })
    if (sample === lost) {
      onLost()
      continue
    }
    if (!group.takes(sample)) yield* group.end()
    group.add(sample)
  }
  yield* group.end()
}

interface Sample {
  readonly kind: SequenceKind
  readonly context: Context
  readonly name: string
  readonly dtype: string
  readonly step: number
  readonly value: Value
  readonly epoch: number | null
  /** Microseconds. */
  readonly time: number
}

/** The sample that a line holds, or what is wrong with it. */
const sampleOf = (text: string, run: RunFile, hasBlob: (name: string) => boolean): Sample | string => {
  const parsed = parseJson(text)
  if ("error" in parsed) return parsed.error
  const { value: line } = parsed
  if (!isMap(line)) return "it is no JSON object"
  const name = line.get("name")
  const contextId = numberOf(line.get("ctx_id") ?? 0)
  const step = numberOf(line.get("step"))
  const context = contextId === undefined ? undefined : run.contexts.get(contextId)
  if (typeof name !== "string") return "it has no name"
  if (context === undefined) return `contexts.json has no context ${String(contextId)}`
  if (step === undefined || !Number.isSafeInteger(step)) return "its step is no whole number"
  const problem = nameProblem("name", name, defaultIngestLimits.nameBytes)
  if (problem !== null) return problem
  const value = withKey(line.get("value") ?? null, run.id, hasBlob)
  const dtype = run.dtypes.get(`${contextId}/${name}`) ?? guessed(value)
  const epoch = numberOf(line.get("epoch") ?? null) ?? null
  const micros = microsOf(line.get("time"))
  const time = Number.isNaN(micros) ? Math.round(run.createdAt * 1e6) : micros
  const kind = kindOf(dtype)
  if (run.isFromClient && kind === "object" && numberOf(value) !== undefined) return lost
  const told = run.isFromClient ? toldByClient(kind, value) : value
  const sample = { kind, context, name, dtype, step, value: told, epoch, time }
  return valueProblem(sample) ?? sample
}

const lost = "lost"

/** The REST interface has null for what is no finite number, names the levels, and says of each record that it was shown. */
const toldByClient = (kind: SequenceKind, value: Value): Value => {
  if (kind === "metric") return value ?? Number.NaN
  if (kind !== "records" || !isMap(value)) return value
  const level = value.get("log_level")
  const number = typeof level === "string" ? levels[level] : undefined
  const fields = [...value].filter(([field]) => field !== "is_notified")
  return new Map<string, Value>(
    fields.map(([field, one]) => [field, field === "log_level" && number !== undefined ? number : one]),
  )
}

const levels: Readonly<Record<string, number>> = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 }

/** The client names an object's file by its address, which means something only to the installation that gave it. */
const withKey = (value: Value, run: string, hasBlob: (name: string) => boolean): Value => {
  const uri = isMap(value) ? value.get("blob_uri") : undefined
  if (!isMap(value) || typeof uri !== "string") return value
  const name = uri.replaceAll(/[/\\]/g, "_").slice(0, 200)
  if (!hasBlob(name)) return value
  return new Map<string, Value>([...[...value].filter(([field]) => field !== "blob_uri"), ["s3_key", `${run}/${name}`]])
}

/** What a sequence is that traces.json does not list. */
const guessed = (value: Value): string => {
  if (typeof value === "string") return linesType
  return isMap(value) || Array.isArray(value) ? "custom" : "float"
}

const valueProblem = ({ kind, value, epoch }: Sample): string | null => {
  if (kind === "metric" && numberOf(value) === undefined) return "its value is no number"
  if (kind === "lines" && typeof value !== "string") return "its value is no text"
  if (kind === "object" && !isMap(value) && !Array.isArray(value)) return "its value is no object"
  if (epoch !== null && !Number.isSafeInteger(epoch)) return "its epoch is no whole number"
  return null
}

/** Samples that become one event. */
class Group {
  readonly #run: RunFile
  #samples: Sample[] = []
  #weight = 0

  constructor(run: RunFile) {
    this.#run = run
  }

  takes({ kind, context, name, epoch, step, time }: Sample): boolean {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined) return true
    const isSame = first.kind === kind && first.name === name && first.context === context
    // The client writes what was logged together at one step as so many samples.
    if (isSame && kind === "object") return step === first.step
    if (!isSame || this.#weight >= mostWeight || this.#samples.length >= mostPoints) return false
    if (kind === "metric") return (first.epoch === null) === (epoch === null)
    // Lines and records of one event have one time, and records are counted on.
    return time === first.time && (kind === "lines" || step === last.step + 1)
  }

  add(sample: Sample): void {
    this.#samples.push(sample)
    this.#weight += typeof sample.value === "string" ? sample.value.length : isMap(sample.value) ? 500 : 0
  }

  *end(): Generator<SampleFact> {
    const samples = this.#samples
    const first = samples[0]
    if (first === undefined) return
    this.#samples = []
    this.#weight = 0
    const stated = { fact: factOf(this.#run.id, samples, first), at: first.time / 1e6, samples: samples.length }
    yield first.kind === "records" ? { ...stated, recordsFrom: first.step } : stated
  }
}

const mostWeight = 256 * 1024

const factOf = (runId: string, samples: readonly Sample[], first: Sample): AnyFact => {
  const { context, name, dtype } = first
  const sequence = { runId, name, contextId: context.id, context: context.bytes }
  const steps = samples.map(({ step }) => step)
  switch (first.kind) {
    case "lines":
      return catalog.TerminalLinesLogged({ runId, steps, lines: samples.map(({ value }) => String(value)) })
    case "records":
      return catalog.LogRecordsLogged({ runId, records: samples.map(({ value }) => encodeValue(value)) })
    case "object": {
      const kind = objectTypes.some((type) => type === dtype) ? dtype : "custom"
      const value = samples.length === 1 ? first.value : samples.flatMap((sample) => itemsOf(sample.value))
      return catalog.ObjectLogged({ ...sequence, dtype: kind, step: first.step, epoch: first.epoch, value: encodeValue(value) })
    }
    case "metric":
      return catalog.PointsLogged({
        ...sequence,
        dtype: metricDtype(dtype),
        values: samples.map(({ value }) => numberOf(value) ?? Number.NaN),
        steps,
        epochs: first.epoch === null ? [] : samples.map(({ epoch }) => epoch ?? 0),
        firstTime: first.time,
        timeOffsets: samples.map(({ time }) => time - first.time),
      })
  }
}

const itemsOf = (value: Value): readonly Value[] => (Array.isArray(value) ? (value as readonly Value[]) : [value])
