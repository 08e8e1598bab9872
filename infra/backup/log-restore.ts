/** Puts a backup of the log back: its objects, then its events, through the log; the folds do the rest. */
import { Effect, Stream } from "effect"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { positionName } from "../../domain/positions.ts"
import type { AnyEvent, EventOf, Position } from "../../events/index.ts"
import { isDecoded } from "../avro/codec.ts"
import type { ArchiveCodec } from "./archive-codec.ts"
import { appendBatches, type AppendProgress } from "./appending.ts"
import { blobsIn, checkLink, type KeptBlob, type Link } from "./log-chain.ts"
import { blobPath, type KeptPartition } from "./log-manifest.ts"
import { recordsIn } from "./segments.ts"
import { isStored, putBlob } from "./stored-blobs.ts"

/** A chain whose every byte was checked. */
export interface CheckedChain {
  readonly links: readonly { readonly link: Link; readonly codec: ArchiveCodec }[]
  /** The ids of the events that the log had discarded, by {@link positionName} in the backup. */
  readonly discardedIds: ReadonlyMap<string, string>
}

/** Checks a chain from end to end. Fails with ArchiveUnsound. */
export const checkChain = (chain: readonly Link[]) =>
  attempt(async (): Promise<CheckedChain> => {
    const links: { readonly link: Link; readonly codec: ArchiveCodec }[] = []
    for (const link of chain) links.push({ link, codec: await checkLink(link) })
    return { links, discardedIds: await discardedIdsIn(links) }
  })

const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, Error> =>
  Effect.tryPromise({ try: act, catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause))) })

/** An event with where it stood. */
interface Kept {
  readonly from: Position
  readonly event: AnyEvent
}

/** The events of one partition through all links; of a record that is no event nothing can be appended. */
async function* eventsOf(
  links: CheckedChain["links"],
  { topic, partition }: Pick<KeptPartition, "topic" | "partition">,
): AsyncGenerator<Kept> {
  for (const { link, codec } of links)
    for (const { path } of link.manifest.files.filter((one) => one.path.startsWith(`log/${topic}-${partition}-`)))
      for await (const { offset, bytes, isEvent } of recordsIn(link.archive, path)) {
        if (!isEvent) continue
        const event = codec.codec.decode(bytes)
        if (!isDecoded(event)) throw new Error(`${path}, offset ${offset}: ${event.undecodable}`)
        yield { from: { topic, partition, offset }, event }
      }
}

const control = { topic: "control-events", partition: 0 } as const

const discardedIdsIn = async (links: CheckedChain["links"]): Promise<ReadonlyMap<string, string>> => {
  const wanted = new Set<string>()
  for await (const { event } of eventsOf(links, control)) if (event.type === "DeadLetterDiscarded") wanted.add(nameOf(event))
  const ids = new Map<string, string>()
  if (wanted.size === 0) return ids
  for (const partition of partitionsOf(links))
    for await (const { from, event } of eventsOf(links, partition))
      if (wanted.has(positionName(from))) ids.set(positionName(from), event.meta.id)
  return ids
}

const nameOf = ({ data }: EventOf<"DeadLetterDiscarded">): string => `${data.topic}/${data.partition}/${data.offset}`

const partitionsOf = (links: CheckedChain["links"]): readonly KeptPartition[] => links.at(-1)?.link.manifest.partitions ?? []

export interface LogRestoreOptions extends AppendProgress {
  readonly skipBlobs: boolean
  /** Only tells what would be done. */
  readonly dryRun: boolean
}

/** What a restore did, or would do. */
export interface Restored {
  readonly appended: number
  /** Events that the log already had: their numbers say so. */
  readonly known: number
  readonly blobs: number
  readonly knownBlobs: number
  /** What was left out and why, a line each. */
  readonly leftOut: readonly string[]
}

/**
 * Appends what the log has not: events keep their ids, writers and numbers, so that those it has are known by the folds and change
 * nothing. The order of each key is kept, whatever the number of partitions.
 */
export const restoreLog = (chain: CheckedChain, options: LogRestoreOptions) =>
  Effect.gen(function* () {
    const leftOut: string[] = []
    const blobs = options.skipBlobs ? { put: 0, known: 0 } : yield* restoreBlobs(chain.links, options.dryRun)
    const positions = new NewPlaces(chain.discardedIds)
    const counts = { appended: 0, known: 0 }
    const data = partitionsOf(chain.links).filter(({ topic }) => topic === "data-ingestion")
    for (const partition of [...data, control]) {
      if (partition === control && !options.dryRun) yield* positions.find
      const events = toAppend(eventsOf(chain.links, partition), positions, options.dryRun, leftOut)
      const done = yield* appendBatches(events, { ...options, onAppended: positions.note })
      counts.appended += done.appended
      counts.known += done.known
    }
    const undecodable = chain.links.reduce((sum, { link }) => sum + link.manifest.undecodable, 0)
    if (undecodable > 0)
      leftOut.push(
        `${undecodable} records that could not be read as events; no projection ever held them, and their bytes stay in the backup`,
      )
    return { ...counts, blobs: blobs.put, knownBlobs: blobs.known, leftOut } satisfies Restored
  })

/** The events, those that name a position with the one that it has now. */
async function* toAppend(
  events: AsyncIterable<Kept>,
  places: NewPlaces,
  dryRun: boolean,
  leftOut: string[],
): AsyncGenerator<AnyEvent> {
  for await (const { event } of events) {
    if (event.type !== "DeadLetterDiscarded") {
      yield event
      continue
    }
    const now = dryRun ? undefined : places.of(nameOf(event))
    if (now !== undefined) yield { ...event, data: { ...now, reason: event.data.reason } }
    else if (dryRun && places.isKept(nameOf(event))) yield event
    else leftOut.push(`the discard of ${nameOf(event)}: what stood there is no event that can be restored`)
  }
}

/** Where the discarded events stand now: first of all where they came to stand first. */
class NewPlaces {
  readonly #ids: ReadonlyMap<string, string>
  readonly #wanted: ReadonlySet<string>
  readonly #places = new Map<string, Position>()

  constructor(ids: ReadonlyMap<string, string>) {
    this.#ids = ids
    this.#wanted = new Set(ids.values())
  }

  readonly note = (event: AnyEvent, position: Position): void => {
    const { id } = event.meta
    if (this.#wanted.has(id) && !this.#places.has(id)) this.#places.set(id, position)
  }

  isKept(name: string): boolean {
    return this.#ids.has(name)
  }

  of(name: string): Position | undefined {
    const id = this.#ids.get(name)
    return id === undefined ? undefined : this.#places.get(id)
  }

  /** A restore that was cut short appended some of them before, so the log is asked. */
  readonly find = Effect.gen({ self: this }, function* () {
    if (this.#wanted.size === 0) return
    const log = yield* EventLog
    this.#places.clear()
    yield* Stream.runForEach(log.source(new Map()), ({ records }) =>
      Effect.sync(() => {
        for (const record of records) if (record.type !== "Undecodable") this.note(record, record.position)
      }),
    )
  })
}

/** Objects that are there already are left as they are: theirs is the newer word. The last backup's word counts first. */
const restoreBlobs = (links: CheckedChain["links"], dryRun: boolean) =>
  Effect.gen(function* () {
    const store = yield* BlobStore
    const counts = { put: 0, known: 0 }
    const seen = new Set<string>()
    for (const { link } of links.toReversed()) {
      const blobs = (yield* attempt(() => all(blobsIn(link)))).filter(({ key }) => !seen.has(key))
      for (const { key } of blobs) seen.add(key)
      yield* Effect.forEach(
        blobs,
        (blob: KeptBlob) =>
          Effect.gen(function* () {
            const isThere = yield* isStored(store, blob.key)
            counts[isThere ? "known" : "put"] += 1
            if (isThere || dryRun) return
            yield* putBlob(store, { ...blob, contentType: blob.content_type }, link.archive.chunks(blobPath(blob.sha256)))
          }),
        { concurrency: 8, discard: true },
      )
    }
    return counts
  })

const all = async <A>(items: AsyncIterable<A>): Promise<readonly A[]> => {
  const found: A[] = []
  for await (const item of items) found.push(item)
  return found
}
