import { mkdirSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, Stream } from "effect"
import { EventLog, EventTooLarge, LogUnavailable, type Partition } from "../../domain/ports/event-log.ts"
import { endsAmong } from "../../domain/positions.ts"
import { partitionOf } from "../../domain/murmur2.ts"
import type { AnyEvent, Position } from "../../events/index.ts"
import { EventCodec } from "../avro/codec.ts"
import { type ChangeSignal, changeSignal } from "./change-signal.ts"
import { type Environment, openEnvironment } from "./environment.ts"
import { GroupCommit, type Placed } from "./group-commit.ts"
import { LogReading } from "./log-reading.ts"
import { endOf, partitionsRow, writerRow } from "./log-rows.ts"
import type { BytesDatabase } from "./snapshot.ts"
import { assertSound } from "./sound-file.ts"
import { shareAll } from "./share-all.ts"
import { takeWriterLock } from "./writer-lock.ts"

export interface LmdbLogOptions {
  readonly folder: string
  /** How many partitions `data-ingestion` has: fixed when the log is made; 6 by default. */
  readonly partitions?: number
  /** Only reads, beside the one process that writes. */
  readonly readOnly?: boolean
  /** Awaited before each commit, so that a test can hold back what makes events durable, visible and answered. */
  readonly beforeDurable?: () => Promise<void>
}

/** Most bytes of an encoded event: what the topics' `max.message.bytes` is on Kafka. */
const largestEvent = 8 * 1024 * 1024

/** The log in a folder: one writer, any number of readers in other threads and processes. */
export const lmdbLog = (options: LmdbLogOptions): Layer.Layer<EventLog, LogUnavailable, EventCodec> =>
  Layer.effect(
    EventLog,
    Effect.gen(function* () {
      const codec = yield* EventCodec
      const log = yield* Effect.acquireRelease(
        attempt(`the log in ${options.folder} cannot be opened`, () => openLog(options)),
        (log) => Effect.promise(log.close),
      )
      const reading = new LogReading(log.db, codec, log.signal)
      return {
        append: (events) => append(log, codec, events),
        source: (from, only) => Stream.unwrap(Effect.map(ends(log), (until) => reading.source(from, endsAmong(until, only)))),
        follow: (from, only = log.partitions) => reading.follow(from, only),
        share: (_group, share) => shareAll(log.partitions, (from) => reading.follow(from, log.partitions), share),
        // Here the index of dead letters, which any command can list, is all there is to look at.
        setAside: () => Effect.void,
        recordsAt: (positions) => reading.at(positions),
        ends: ends(log),
      }
    }),
  )

interface OpenLog {
  readonly db: BytesDatabase
  readonly signal: ChangeSignal
  readonly partitions: readonly Partition[]
  /** How many partitions `data-ingestion` has. */
  readonly count: number
  /** Null where the log is only read, and once it is closed. */
  readonly commits: () => GroupCommit | null
  readonly close: () => Promise<void>
}

const openLog = (options: LmdbLogOptions): OpenLog => {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  assertSound(join(options.folder, "log.mdb"), { isEachFlushed: true })
  const environment = openLogIn(options.folder)
  const { db, gate } = environment
  try {
    const count = gate.pass(() => partitionCount(db, options))
    const partitions = partitionsOf(count)
    const letGo = options.readOnly === true ? () => undefined : gate.pass(() => takeWriterLock(db, writerRow))
    const signal = changeSignal(`matyan log ${realpathSync(options.folder)}`)
    const { beforeDurable = () => Promise.resolve() } = options
    let commits =
      options.readOnly === true
        ? null
        : new GroupCommit(environment, { folder: options.folder, partitions, beforeDurable, committed: signal.announce })
    const close = async (): Promise<void> => {
      const last = commits
      commits = null
      await last?.idle()
      signal.close()
      gate.pass(letGo)
      await environment.close()
    }
    return { db, signal, partitions, count, commits: () => commits, close }
  } catch (error) {
    void environment.close()
    throw error
  }
}

const openLogIn = (folder: string): Environment<Uint8Array, Uint8Array> =>
  openEnvironment({
    path: join(folder, "log.mdb"),
    keyEncoding: "binary",
    encoding: "binary",
    overlappingSync: false,
    // With it, a failed commit also rejects a promise that lmdb-js keeps to itself: nobody could take it.
    eventTurnBatching: false,
    maxReaders: 1_000,
  })

/** The count that the log was made with; whoever opens it first decides. */
const partitionCount = (db: BytesDatabase, { partitions, folder }: LmdbLogOptions): number =>
  db.transactionSync(() => {
    const recorded = db.get(partitionsRow)
    if (recorded === undefined) db.putSync(partitionsRow, Buffer.from(String(partitions ?? 6)))
    const count = Number(Buffer.from(recorded ?? Buffer.from(String(partitions ?? 6))).toString())
    if (partitions !== undefined && partitions !== count)
      throw new Error(`the log in ${folder} was made with ${count} partitions, not ${partitions}; the count cannot change`)
    return count
  })

const partitionsOf = (count: number): readonly Partition[] => [
  { topic: "control-events", partition: 0 },
  ...Array.from({ length: count }, (_, partition) => ({ topic: "data-ingestion" as const, partition })),
]

const append = (
  log: OpenLog,
  codec: EventCodec["Service"],
  events: readonly AnyEvent[],
): Effect.Effect<readonly Position[], LogUnavailable | EventTooLarge> =>
  Effect.suspend((): ReturnType<typeof append> => {
    const commits = log.commits()
    if (commits === null) return Effect.fail(new LogUnavailable({ message: "the log is only read here, or closed" }))
    if (events.length === 0) return Effect.succeed([])
    const placed = place(log, codec, events)
    if (placed instanceof EventTooLarge) return Effect.fail(placed)
    return Effect.tryPromise({ try: () => commits.append(placed), catch: unavailable("the events cannot be written") })
  })

const place = (
  { count }: OpenLog,
  codec: EventCodec["Service"],
  events: readonly AnyEvent[],
): readonly Placed[] | EventTooLarge => {
  const placed: Placed[] = []
  for (const event of events) {
    const encoded = codec.encode(event)
    if (encoded.bytes.length > largestEvent) return tooLarge(event.type, encoded.bytes.length)
    const partition = encoded.topic === "control-events" ? 0 : partitionOf(Buffer.from(encoded.key), count)
    placed.push({ partition: { topic: encoded.topic, partition }, event: encoded })
  }
  return placed
}

const tooLarge = (type: string, bytes: number): EventTooLarge =>
  new EventTooLarge({ message: "the event is larger than the log takes", type, bytes, limit: largestEvent })

const ends = ({ db, partitions }: OpenLog): Effect.Effect<readonly Position[], LogUnavailable> =>
  attempt("the log cannot be read", () => {
    db.resetReadTxn()
    return partitions.map((partition) => ({ ...partition, offset: endOf(db, partition) }))
  })

const unavailable = (message: string) => (cause: unknown) =>
  new LogUnavailable({ message: cause instanceof Error ? `${message}: ${cause.message}` : message, cause })

const attempt = <A>(message: string, act: () => A): Effect.Effect<A, LogUnavailable> =>
  Effect.try({ try: act, catch: unavailable(message) })
