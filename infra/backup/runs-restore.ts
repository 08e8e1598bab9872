/** Puts the runs of an archive of format 1 back: as events through the log, numbered so that doing it again changes nothing. */
import { createHash } from "node:crypto"
import { Clock, Effect, Stream } from "effect"
import type { Stated } from "../../domain/ingest/frame-facts.ts"
import { NameBook, type NameEvent } from "../../domain/names.ts"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog, partitionName } from "../../domain/ports/event-log.ts"
import type { AnyEvent, AnyFact } from "../../events/index.ts"
import { lastOfWriter } from "../../projections/backup-run.ts"
import { entityById } from "../../projections/entity-view.ts"
import { recordCount } from "../../projections/log-read.ts"
import { isTombstoned } from "../../projections/run-presence.ts"
import { makeView, type View } from "../../projections/view.ts"
import { appendBatches, type AppendProgress } from "./appending.ts"
import { namedFacts, pageFacts, tableOf } from "./entity-facts.ts"
import { entityLines, madeAt, textIn } from "./entity-lines.ts"
import type { Restored } from "./log-restore.ts"
import { type BoundNames, closingFacts, contentTypeOf, openingFacts } from "./run-facts.ts"
import { type RunFile, runFile } from "./run-files.ts"
import { sampleFacts } from "./run-samples.ts"
import type { RunsArchive } from "./runs-archive.ts"
import { isStored, putBlob } from "./stored-blobs.ts"
import { catalog } from "../../events/index.ts"

export interface RunsRestoreOptions extends AppendProgress {
  readonly skipEntities: boolean
  readonly skipBlobs: boolean
  readonly dryRun: boolean
}

/** Restores a checked archive: what the project has by name or id stays as it is, and runs that are there are added to. */
export const restoreRuns = (checked: RunsArchive, options: RunsRestoreOptions) =>
  Effect.gen(function* () {
    const view = yield* makeView
    const book = yield* bookOfLog
    const now = (yield* Clock.currentTimeMillis) / 1000
    const blobs = options.skipBlobs ? { put: 0, known: 0 } : yield* restoreBlobs(checked, options.dryRun)
    const counts = { appended: 0, known: 0 }
    const append = (events: AsyncIterable<AnyEvent>) =>
      Effect.map(appendBatches(events, options), (done) => {
        counts.appended += done.appended
        counts.known += done.known
      })
    const lost = `${checked.lost} objects, of which the client wrote nothing but numbers`
    const leftOut: string[] = checked.lost === 0 ? [] : [lost]
    const { archive, runs } = checked
    const alone = (count: number): void => void (counts.known += count)
    const desk: Desk = { checked, view, book, now, leftOut, alone }
    if (!options.skipEntities) yield* append(named(desk))
    for (const id of runs) {
      const run = yield* Effect.tryPromise({ try: () => runFile(archive, id, checked.createdAt), catch: asError })
      const place = yield* view.read(async (rows) => {
        const isDeleted = await isTombstoned(rows, id)
        let writer = writerOf(checked, id, 0)
        for (let time = 1; (await lastOfWriter(rows, id, writer)) !== undefined; time++) {
          const next = writerOf(checked, id, time)
          // Deleted since: it comes back only as another telling of the same.
          if (!isDeleted && (await lastOfWriter(rows, id, next)) === undefined) break
          writer = next
        }
        return { writer, isDeleted, records: isDeleted ? 0 : await recordCount(rows, id) }
      })
      yield* append(runEvents(desk, run, place))
    }
    if (!options.skipEntities) yield* append(pagesOf(desk))
    return { ...counts, blobs: blobs.put, knownBlobs: blobs.known, leftOut } satisfies Restored
  })

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))

interface Desk {
  readonly checked: RunsArchive
  readonly view: View
  readonly book: NameBook
  /** Unix seconds. */
  readonly now: number
  readonly leftOut: string[]
  /** Counts events that are not told, because what they would tell of is there and is left alone. */
  readonly alone: (count: number) => void
}

const bookOfLog = Effect.gen(function* () {
  const log = yield* EventLog
  const book = new NameBook()
  const ends = yield* log.ends
  const from = new Map(ends.map((end) => [partitionName(end), end.topic === "control-events" ? 0 : end.offset]))
  yield* Stream.runForEach(log.source(from), ({ records }) =>
    Effect.sync(() => {
      for (const record of records) if (record.type !== "Undecodable") book.apply(record)
    }),
  )
  return book
})

/** A UUID made of a text (RFC 9562, version 8: by rules of one's own). */
const uuidOf = (text: string): string => {
  const hash = createHash("sha256").update(text).digest().subarray(0, 16)
  hash[6] = (hash[6]! & 0x0f) | 0x80
  hash[8] = (hash[8]! & 0x3f) | 0x80
  const digits = hash.toString("hex")
  return [0, 8, 12, 16, 20].map((at, part) => digits.slice(at, [8, 12, 16, 20, 32][part])).join("-")
}

/** Who tells of a run: by the archive, the run, and how many times it was deleted after it was restored from there. */
const writerOf = ({ id }: RunsArchive, stream: string, time: number): string => uuidOf(`${id}\0${stream}\0${time}`)

const eventOf = (fact: AnyFact, at: number, writer: string, seq: number, part: number, now: number): AnyEvent => {
  const id = uuidOf(`${writer}\0${seq}\0${part}`)
  const meta = { id, at, serverTime: now, project: "00000000", actor: "restore", cause: null, writer, seq, part }
  // Each fact of the union becomes the event of its own type.
  return { ...fact, meta } as AnyEvent
}

interface Place {
  readonly writer: string
  readonly isDeleted: boolean
  /** How many log records the run has already: they have no steps of their own to be known by. */
  readonly records: number
}

async function* runEvents(desk: Desk, run: RunFile, { writer, isDeleted, records }: Place): AsyncGenerator<AnyEvent> {
  const { archive } = desk.checked
  let seq = 0
  const told = ({ fact, at }: Stated): AnyEvent => eventOf(fact, at, writer, ++seq, 0, desk.now)
  if (isDeleted) yield eventOf(catalog.TombstoneLifted({ runId: run.id }), run.createdAt, writer, 0, 0, desk.now)
  for (const stated of openingFacts(run)) yield told(stated)
  for await (const { recordsFrom, ...stated } of sampleFacts(archive, run)) {
    const event = told(stated)
    const rest = recordsFrom === undefined ? event : recordsBehind(event, records - recordsFrom)
    if (rest === null) desk.alone(1)
    else yield rest
  }
  for (const stated of closingFacts(run, namesOf(desk, run))) yield told(stated)
}

/** The records of an event but the first `count`; null where none is left. */
const recordsBehind = (event: AnyEvent, count: number): AnyEvent | null => {
  if (event.type !== "LogRecordsLogged" || count <= 0) return event
  const records = event.data.records.slice(count)
  return records.length === 0 ? null : { ...event, data: { ...event.data, records } }
}

const namesOf = ({ checked, book }: Desk, run: RunFile): BoundNames => {
  const name = run.experimentName ?? (run.experimentId === null ? null : (checked.experiments.get(run.experimentId) ?? null))
  return {
    experiment: name === null || name === "" ? null : { id: book.bind("experiment", name), name },
    tags: run.tags.map((tag) => ({ id: book.bind("tag", tag), name: tag })),
  }
}

/** Experiments and tags come before the runs that name them, so that both mean the same. */
async function* named({ checked, book, now, alone }: Desk): AsyncGenerator<AnyEvent> {
  const writer = writerOf(checked, "", 0)
  for await (const line of entityLines(checked.archive)) {
    if (line.kind !== "experiment" && line.kind !== "tag") continue
    const isBorne = book.bearer(line.kind, textIn(line, "name")) !== undefined
    const facts = namedFacts(line, line.kind, book)
    if (isBorne) alone(facts.length)
    else
      for (const [part, fact] of facts.entries()) {
        const event = eventOf(fact, madeAt(line, checked.createdAt), writer, line.number, part, now)
        book.apply(event satisfies NameEvent)
        yield event
      }
  }
}

/** What has an id of its own keeps it, and is left alone where it is there. Notes come after the runs that they are on. */
async function* pagesOf({ checked, book, view, now, leftOut, alone }: Desk): AsyncGenerator<AnyEvent> {
  const writer = writerOf(checked, "", 1)
  for await (const line of entityLines(checked.archive)) {
    if (line.kind === "experiment" || line.kind === "tag") continue
    const table = tableOf[line.kind]
    const isThere = await Effect.runPromise(view.read(async (rows) => (await entityById(rows, table, line.id)) !== undefined))
    const facts = pageFacts(line, (id) => {
      const name = checked.experiments.get(id)
      return name === undefined ? null : book.bind("experiment", name)
    })
    if (isThere) {
      alone(facts.length)
      continue
    }
    if (facts.length === 0) leftOut.push(`the ${line.kind} ${line.id}: what it is on is not in the archive`)
    for (const [part, fact] of facts.entries())
      yield eventOf(fact, madeAt(line, checked.createdAt), writer, line.number, part, now)
  }
}

/** An object that is there stays as it is. */
const restoreBlobs = ({ archive, blobs, createdAt }: RunsArchive, dryRun: boolean) =>
  Effect.gen(function* () {
    const store = yield* BlobStore
    const counts = { put: 0, known: 0 }
    for (const [id, paths] of blobs) {
      if (paths.length === 0) continue
      const run = yield* Effect.tryPromise({ try: () => runFile(archive, id, createdAt), catch: asError })
      const restored = (path: string) =>
        Effect.gen(function* () {
          const key = `${id}/${path}`
          const isThere = yield* isStored(store, key)
          counts[isThere ? "known" : "put"] += 1
          if (isThere || dryRun) return
          yield* putBlob(store, { key, contentType: contentTypeOf(run, key) }, archive.chunks(`runs/${id}/blobs/${path}`))
        })
      yield* Effect.forEach(paths, restored, { concurrency: 8, discard: true })
    }
    return counts
  })
