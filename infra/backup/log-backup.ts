/** Writes the log itself into a backup: its records, their schemas, and the objects that they refer to. */
import { createHash } from "node:crypto"
import { Clock, Effect, Stream } from "effect"
import { BlobStore, type ListedBlob } from "../../domain/ports/blob-store.ts"
import { type Batch, EventLog, partitionName } from "../../domain/ports/event-log.ts"
import { NewId } from "../../domain/ports/ids.ts"
import { keyOf, type Position, type Recorded, type Undecodable } from "../../events/index.ts"
import { type ArchiveCodec, archiveCodec } from "./archive-codec.ts"
import { keptBlobs } from "./kept-blobs.ts"
import { blobsIn, type Link } from "./log-chain.ts"
import { type KeptFile, type KeptPartition, segmentPath, writeManifest } from "./log-manifest.ts"
import type { Output, OutputFile } from "./output.ts"
import { recordBytes } from "./segments.ts"
import { ArchiveUnsound } from "./unsound.ts"

export interface LogBackupOptions {
  readonly output: Output
  /** The chain of the backup to go on from; empty: all is written. */
  readonly previous: readonly Link[]
  readonly includeBlobs: boolean
  readonly onRecords?: (batch: Batch) => void
}

/** Writes everything that was acknowledged before it began. Does not publish the output. */
export const backUpLog = ({ output, previous, includeBlobs, onRecords }: LogBackupOptions) =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const began = yield* Clock.currentTimeMillis
    const id = (yield* NewId)()
    const last = previous.at(-1)
    const ends = yield* log.ends
    if (last !== undefined) yield* assertSameLog(log, last, ends)
    const codec = yield* Effect.promise(() => archiveCodec())
    const writer = new SegmentWriter(output, codec, last?.manifest.partitions ?? [], ends)
    const from = new Map(last?.manifest.partitions.map((one) => [partitionName(one), one.to]))
    yield* Stream.runForEach(log.source(from), (batch) =>
      Effect.map(
        attempt(() => writer.add(batch)),
        () => onRecords?.(batch),
      ),
    )
    const records = yield* attempt(() => writer.end())
    const schemas = yield* attempt(() => writeLines(output, "schemas.jsonl", codec.schemas))
    // Listed after the log was read, so that what its events refer to is there.
    const blobs = includeBlobs ? yield* backUpBlobs(output, previous) : []
    const index = includeBlobs ? [yield* attempt(() => writeLines(output, "blobs.jsonl", blobs))] : []
    const manifest = {
      id,
      created_at: new Date(began).toISOString(),
      previous: last === undefined ? null : { id: last.manifest.id, name: last.archive.name.replace(/^.*\//, "") },
      ...records.counts,
      partitions: records.partitions,
      include_blobs: includeBlobs,
      blobs: blobs.length,
      blob_bytes: blobs.reduce((sum, { size }) => sum + size, 0),
      files: [...records.files, schemas, ...index],
    }
    yield* attempt(() => writeManifest(output, manifest))
    return manifest
  })

/** What cannot be written keeps its own words, such as that the disk is full. */
const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, Error> =>
  Effect.tryPromise({ try: act, catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause))) })

/** An increment of another log would be a chain that says nothing true. */
const assertSameLog = (log: EventLog["Service"], { archive, manifest }: Link, ends: readonly Position[]) =>
  Effect.gen(function* () {
    const known = manifest.partitions.filter(({ last }) => last !== null)
    const found = yield* log.recordsAt(known.map(({ topic, partition, to }) => ({ topic, partition, offset: to - 1 })))
    const other = known.find(({ last }, i) => found[i] === undefined || signOf(found[i]) !== last)
    if (other === undefined && manifest.partitions.length === ends.length) return
    const where = other === undefined ? "its partitions are others" : `${partitionName(other)} ends otherwise`
    yield* Effect.fail(new ArchiveUnsound({ message: `${archive.name} is of another log than this one (${where})` }))
  })

/** By what a record is known again. */
const signOf = (record: Recorded | Undecodable): string =>
  createHash("sha256")
    .update(record.type === "Undecodable" ? record.bytes : record.meta.id)
    .digest("hex")

/** A file of records is full at so many bytes, so that a damaged one is small. */
const fullSegment = 64 * 2 ** 20

interface Open {
  readonly partition: Omit<KeptPartition, "last">
  next: number
  last: string | null
  file: OutputFile | null
  path: string
  bytes: number
}

class SegmentWriter {
  readonly #output: Output
  readonly #codec: ArchiveCodec
  readonly #open: ReadonlyMap<string, Open>
  readonly #files: KeptFile[] = []
  readonly #counts = { events: 0, undecodable: 0 }

  constructor(output: Output, codec: ArchiveCodec, before: readonly KeptPartition[], ends: readonly Position[]) {
    this.#output = output
    this.#codec = codec
    const entries = ends.map(({ topic, partition }): [string, Open] => {
      const known = before.find((one) => one.topic === topic && one.partition === partition)
      const from = known?.to ?? 0
      const last = known?.last ?? null
      return [
        partitionName({ topic, partition }),
        { partition: { topic, partition, from, to: from }, next: from, last, file: null, path: "", bytes: 0 },
      ]
    })
    this.#open = new Map(entries)
  }

  async add(batch: Batch): Promise<void> {
    const open = this.#open.get(partitionName(batch))
    if (open === undefined) throw new Error(`${partitionName(batch)} was not there a moment ago`)
    for (const record of batch.records) {
      if (open.file === null) {
        open.path = segmentPath(open.partition, record.position.offset)
        open.file = await this.#output.file(open.path)
        open.bytes = 0
      }
      const bytes = this.#encoded(record)
      open.bytes += bytes.length
      await open.file.write(bytes)
      if (open.bytes >= fullSegment) await this.#close(open)
    }
    const last = batch.records.at(-1)
    if (last !== undefined) open.last = signOf(last)
    open.next = batch.next
  }

  async end() {
    for (const open of this.#open.values()) await this.#close(open)
    const partitions = [...this.#open.values()].map(({ partition, next, last }): KeptPartition => ({
      ...partition,
      to: next,
      last,
    }))
    return { partitions, files: this.#files, counts: this.#counts }
  }

  #encoded(record: Recorded | Undecodable): Uint8Array {
    const { offset } = record.position
    if (record.type === "Undecodable") {
      this.#counts.undecodable += 1
      return recordBytes({ offset, key: record.key, bytes: record.bytes, isEvent: false })
    }
    this.#counts.events += 1
    return recordBytes({ offset, key: keyOf(record), bytes: this.#codec.codec.encode(record).bytes, isEvent: true })
  }

  async #close(open: Open): Promise<void> {
    if (open.file === null) return
    this.#files.push({ path: open.path, ...(await open.file.end()) })
    open.file = null
  }
}

const writeLines = async (output: Output, path: string, items: readonly object[]): Promise<KeptFile> => {
  const file = await output.file(path)
  for (const item of items) await file.write(`${JSON.stringify(item)}\n`)
  return { path, ...(await file.end()) }
}

const backUpBlobs = (output: Output, previous: readonly Link[]) =>
  Effect.gen(function* () {
    const store = yield* BlobStore
    const known = yield* attempt(() => knownBlobs(previous))
    const since = previous.at(-1)?.manifest.created_at
    const isKept = ({ key, size, modified }: ListedBlob): boolean =>
      known.get(key) === size && since !== undefined && modified < Date.parse(since) / 1000 - clockMargin
    return yield* keptBlobs(store, output, isKept)
  })

/** By how many seconds the clock of a blob store may be behind ours. */
const clockMargin = 60

const knownBlobs = async (previous: readonly Link[]): Promise<ReadonlyMap<string, number>> => {
  const known = new Map<string, number>()
  for (const link of previous) for await (const blob of blobsIn(link)) known.set(blob.key, blob.size)
  return known
}
