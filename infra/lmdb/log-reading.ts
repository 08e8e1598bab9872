import { Effect, Stream } from "effect"
import { type Batch, LogUnavailable, type Partition, partitionName, type Starts } from "../../domain/ports/event-log.ts"
import { positionName } from "../../domain/positions.ts"
import type { Position, Recorded, Undecodable } from "../../events/index.ts"
import type { EventCodec } from "../avro/codec.ts"
import { decodeAt, decodeRecords, type StoredRecord } from "../avro/decode-records.ts"
import type { ChangeSignal } from "./change-signal.ts"
import { lastOffset, readRecord, readRecords } from "./log-rows.ts"
import type { BytesDatabase } from "./snapshot.ts"

/** A batch ends after so many records, or once their bytes reach so much. */
const fullBatch = { records: 5_000, bytes: 4 * 1024 * 1024 }

interface Place extends Partition {
  readonly next: number
  readonly until: number
}

/** Where a reading stands. The partition read last is at the end of the queue, so each gets its turn. */
type Queue = readonly Place[]

interface Found {
  readonly place: Place
  readonly records: readonly StoredRecord[]
  readonly queue: Queue
}

/**
 * The readings of the port. Those of partitions share their steps: find stored records, decode them, go on from the new
 * queue.
 */
export class LogReading {
  readonly #db: BytesDatabase
  readonly #codec: EventCodec["Service"]
  readonly #signal: ChangeSignal

  constructor(db: BytesDatabase, codec: EventCodec["Service"], signal: ChangeSignal) {
    this.#db = db
    this.#codec = codec
    this.#signal = signal
  }

  source(from: Starts, ends: readonly Position[]): Stream.Stream<Batch, LogUnavailable> {
    const queue = ends.map(({ topic, partition, offset }) => placeOf({ topic, partition }, from, offset))
    return Stream.unfold(queue as Queue, (queue) =>
      Effect.flatMap(this.#found(queue), (found) => (found === undefined ? Effect.undefined : this.#step(found))),
    )
  }

  follow(from: Starts, partitions: readonly Partition[]): Stream.Stream<Batch, LogUnavailable> {
    const queue = partitions.map((partition) => placeOf(partition, from, lastOffset))
    return Stream.unfold(queue as Queue, (queue) => Effect.flatMap(this.#awaited(queue), (found) => this.#step(found)))
  }

  at(positions: readonly Position[]): Effect.Effect<readonly (Recorded | Undecodable | undefined)[], LogUnavailable> {
    const read = Effect.try({ try: () => this.#readAt(positions), catch: unreadable })
    return Effect.flatMap(read, (stored) => decodeAt(this.#codec, positions, stored))
  }

  #readAt(positions: readonly Position[]): ReadonlyMap<string, StoredRecord> {
    this.#db.resetReadTxn()
    const stored = new Map<string, StoredRecord>()
    for (const position of positions) {
      const record = readRecord(this.#db, position, position.offset)
      if (record !== undefined) stored.set(positionName(position), record)
    }
    return stored
  }

  #step(found: Found): Effect.Effect<readonly [Batch, Queue], LogUnavailable> {
    return Effect.map(this.#decoded(found), (batch) => [batch, found.queue] as const)
  }

  #found(queue: Queue): Effect.Effect<Found | undefined, LogUnavailable> {
    return Effect.try({ try: () => this.#find(queue), catch: unreadable })
  }

  #awaited(queue: Queue): Effect.Effect<Found, LogUnavailable> {
    return Effect.tryPromise({
      try: async (signal) => {
        for (;;) {
          // Taken before looking, so that a commit in between ends the wait at once.
          const heard = this.#signal.heard()
          const found = this.#find(queue)
          if (found !== undefined) return found
          await this.#signal.after(heard, signal)
          signal.throwIfAborted()
        }
      },
      catch: unreadable,
    })
  }

  #find(queue: Queue): Found | undefined {
    this.#db.resetReadTxn()
    for (const [at, place] of queue.entries()) {
      if (place.next >= place.until) continue
      const records = readRecords(this.#db, place, { from: place.next, to: place.until }, fullBatch)
      if (records.length === 0) continue
      const moved = { ...place, next: place.next + records.length }
      return { place, records, queue: [...queue.slice(at + 1), ...queue.slice(0, at), moved] }
    }
    return undefined
  }

  #decoded({ place, records }: Found): Effect.Effect<Batch, LogUnavailable> {
    const { topic, partition, next } = place
    return Effect.map(decodeRecords(this.#codec, { topic, partition }, records), (decoded) => ({
      topic,
      partition,
      records: decoded,
      next: next + records.length,
    }))
  }
}

const placeOf = (partition: Partition, from: Starts, until: number): Place => ({
  ...partition,
  next: from.get(partitionName(partition)) ?? 0,
  until,
})

const unreadable = (cause: unknown): LogUnavailable => new LogUnavailable({ message: "the log cannot be read", cause })
