/** Writes runs in the reference's archive format, version 1, from the projections. */
import { Clock, Effect } from "effect"
import { toJson } from "../../domain/json-text.ts"
import { microsOfText } from "../../domain/time.ts"
import { BlobStore, type ListedBlob } from "../../domain/ports/blob-store.ts"
import { float, type Value } from "../../domain/value.ts"
import { storedRun, samplesFrom, type StoredRun, type StoredTrace } from "../../projections/backup-run.ts"
import { idByName } from "../../projections/entities.ts"
import { entities, runIdsOf, type Table } from "../../projections/entity-view.ts"
import { type CreatedRun, runsCreatedAfter } from "../../projections/project-view.ts"
import { makeView, type View } from "../../projections/view.ts"
import type { Output } from "./output.ts"

/** Which runs; all where nothing is named. */
export interface RunChoice {
  readonly runs?: readonly string[]
  readonly experiment?: string
  /** In ISO 8601; in UTC where no zone is told. */
  readonly since?: string
}

export interface RunsBackupOptions {
  readonly output: Output
  readonly choice: RunChoice
  readonly includeBlobs: boolean
  /** Hears how many samples were written. */
  readonly onSamples: (count: number) => void
}

/**
 * Each run's fields are of one view, and so are what its samples are counted by: those logged later are left out. A run that is
 * deleted meanwhile is left out whole. Does not publish the output.
 */
export const backUpRuns = ({ output, choice, includeBlobs, onSamples }: RunsBackupOptions) =>
  Effect.gen(function* () {
    const view = yield* makeView
    const began = yield* Clock.currentTimeMillis
    const hashes: string[] = []
    const blobs = { count: 0, bytes: 0 }
    for (const id of yield* chosenRuns(view, choice)) {
      if (!(yield* backUpRun(view, output, id, onSamples))) continue
      hashes.push(id)
      if (includeBlobs) yield* backUpBlobs(output, id, blobs)
    }
    const counts = hashes.length === 0 ? {} : yield* backUpEntities(view, output)
    const manifest = {
      format_version: 1,
      created_at: new Date(began).toISOString().replace("Z", "+00:00"),
      run_count: hashes.length,
      run_hashes: hashes,
      entity_counts: counts,
      blob_count: blobs.count,
      blob_bytes: blobs.bytes,
      filters: choice,
      include_blobs: includeBlobs,
    }
    yield* writeText(output, "manifest.json", JSON.stringify(manifest, null, 2))
    return manifest
  })

const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, Error> =>
  Effect.tryPromise({ try: act, catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause))) })

const writeText = (output: Output, path: string, text: string) =>
  attempt(async () => {
    const file = await output.file(path)
    await file.write(text)
    await file.end()
  })

const chosenRuns = (view: View, { runs, experiment, since }: RunChoice) =>
  Effect.gen(function* () {
    if (runs !== undefined) return [...new Set(runs)]
    if (experiment !== undefined) {
      const named = yield* view.read(async (rows) => {
        const id = await idByName(rows, "experiment", experiment)
        return id === undefined ? undefined : runIdsOf(rows, "experiment", id)
      })
      return named ?? (yield* Effect.fail(new Error(`there is no experiment ${experiment}, so no backup was made`)))
    }
    const found: string[] = []
    let after: CreatedRun | null = since === undefined ? null : { createdAt: microsOfText(since) / 1e6, id: "" }
    for (;;) {
      const page: readonly CreatedRun[] = yield* view.read((rows) => runsCreatedAfter(rows, after, runsAtOnce))
      found.push(...page.map(({ id }) => id))
      after = page.at(-1) ?? null
      if (after === null || page.length < runsAtOnce) return found
    }
  })

const runsAtOnce = 1_000

/** False, and nothing is left of it, where the run is not there. */
const backUpRun = (view: View, output: Output, id: string, onSamples: (count: number) => void) =>
  Effect.gen(function* () {
    const folder = `runs/${id}`
    const run = yield* view.read((rows) => storedRun(rows, id))
    if (run === undefined) return false
    for (const [path, value] of smallFiles(run)) yield* writeText(output, `${folder}/${path}`, toJson(value))
    const file = yield* attempt(() => output.file(`${folder}/sequences.jsonl`))
    for (const trace of run.traces) {
      let from = Number.MIN_SAFE_INTEGER
      while (from <= trace.lastStep) {
        const samples = yield* view.read((rows) => samplesFrom(rows, id, trace, from, trace.lastStep + 1))
        if (samples.length === 0) break
        yield* attempt(() => file.write(linesOf(trace, samples)))
        onSamples(samples.length)
        from = samples.at(-1)!.step + 1
      }
    }
    yield* attempt(() => file.end())
    const isStillThere = yield* view.read(async (rows) => (await storedRun(rows, id)) !== undefined)
    if (!isStillThere) yield* attempt(() => output.remove(folder))
    return isStillThere
  })

const smallFiles = ({
  meta,
  attributes,
  contexts,
  traces,
  experimentName,
  tags,
}: StoredRun): readonly (readonly [string, Value])[] => [
  // The last two are read by nobody but us: format 1 has no place for a run's tags, nor for its experiment beyond an id.
  ["run.json", new Map<string, Value>([...meta, ["experiment_name", experimentName], ["tags", tags]])],
  ["attrs.json", attributes],
  ["contexts.json", new Map([...contexts].map(([id, context]) => [String(id), context]))],
  ["traces.json", traces.map(traceOf)],
]

const traceOf = ({ name, contextId, dtype, last, lastStep }: StoredTrace): Value =>
  new Map<string, Value>([
    ["name", name],
    ["context_id", contextId],
    ["dtype", dtype],
    ["last", last],
    ["last_step", lastStep],
  ])

/** A metric's values are floats, whether or not they are integral. */
const linesOf = ({ contextId, name }: StoredTrace, samples: Awaited<ReturnType<typeof samplesFrom>>): string => {
  const head = `{"ctx_id":${contextId},"name":${JSON.stringify(name)},"step":`
  let text = ""
  for (const { step, value, epoch, time } of samples) {
    const told = typeof value === "number" ? toJson(float(value)) : toJson(value)
    const more = `${epoch === null ? "" : `,"epoch":${epoch}`}${time === null ? "" : `,"time":${toJson(float(time))}`}`
    text += `${head}${step},"value":${told}${more}}\n`
  }
  return text
}

const kinds: readonly (readonly [kind: string, table: Table])[] = [
  ["experiment", "experiments"],
  ["tag", "tags"],
  ["dashboard", "dashboards"],
  ["dashboard_app", "dashboard_apps"],
  ["report", "reports"],
  ["note", "notes"],
]

const backUpEntities = (view: View, output: Output) =>
  Effect.gen(function* () {
    const file = yield* attempt(() => output.file("entities.jsonl"))
    const counts: Record<string, number> = {}
    for (const [kind, table] of kinds) {
      const found = yield* view.read((rows) => entities(rows, table))
      counts[kind] = found.length
      for (const { id, fields } of found) {
        const data = new Map<string, Value>([...fields, ["id", id]])
        const line = toJson(
          new Map<string, Value>([
            ["entity_type", kind],
            ["data", data],
          ]),
        )
        yield* attempt(() => file.write(`${line}\n`))
      }
    }
    yield* attempt(() => file.end())
    return counts
  })

const backUpBlobs = (output: Output, run: string, total: { count: number; bytes: number }) =>
  Effect.gen(function* () {
    const store = yield* BlobStore
    const prefix = `${run}/`
    for (let after: string | undefined; ;) {
      const page: readonly ListedBlob[] = yield* store.list(prefix, blobsAtOnce, after)
      for (const { key } of page) {
        const copied = store.get(key).pipe(
          Effect.flatMap(({ body }) => attempt(() => copy(output, `runs/${run}/blobs/${key.slice(prefix.length)}`, body))),
          // Removed meanwhile, as nothing refers to it any more.
          Effect.catchTag("BlobNotFound", () => Effect.succeed(null)),
        )
        const bytes = yield* copied
        if (bytes === null) continue
        total.count += 1
        total.bytes += bytes
      }
      after = page.at(-1)?.key
      if (page.length < blobsAtOnce || after === undefined) return
    }
  })

const blobsAtOnce = 1_000

const copy = async (output: Output, path: string, body: AsyncIterable<Uint8Array>): Promise<number> => {
  const file = await output.file(path)
  for await (const chunk of body) await file.write(Buffer.from(chunk))
  return (await file.end()).bytes
}
