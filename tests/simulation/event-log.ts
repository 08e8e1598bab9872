/** The log in memory: partitions of encoded records, appends that get lost on the way back, and groups that share. */
import { Effect, Stream } from "effect"
import {
  type Batch,
  EventLog,
  EventTooLarge,
  LogUnavailable,
  type Partition,
  partitionName,
  type Share,
  type Starts,
} from "../../domain/ports/event-log.ts"
import { endsAmong, positionName } from "../../domain/positions.ts"
import type { AnyEvent, Position } from "../../events/index.ts"
import type { EncodedEvent, EventCodec } from "../../infra/avro/codec.ts"
import { decodeAt, decodeRecords, type StoredRecord } from "../../infra/avro/decode-records.ts"
import type { Member } from "./group.ts"
import type { LogRecords } from "./log-records.ts"
import { calmWire, type Wire } from "./wire.ts"

/** What befalls an append. `lost`: all of it is written, and the answer is lost; `partly`: some partitions have it. */
export type AppendFate = "done" | "refused" | "lost" | "partly" | "late"

export interface LogTrouble {
  /** Why the log neither takes nor tells anything now, or null. */
  readonly away: () => string | null
  /** Why it takes nothing now, or null. */
  readonly full: () => string | null
  readonly fate: () => AppendFate
  /** Whether a partition has its part of an append of which only some is written. */
  readonly hasPart: () => boolean
  /** How many records the next batch holds at most. */
  readonly batchLength: () => number
  /** How many records a member of a group is given again behind each batch. */
  readonly redelivered: () => number
  /** Done when an append that was given up arrives after all. */
  readonly muchLater: () => Promise<void>
  readonly onAppend: (positions: readonly Position[]) => void
}

export const noLogTrouble: LogTrouble = {
  away: () => null,
  full: () => null,
  fate: () => "done",
  hasPart: () => true,
  batchLength: () => 5_000,
  redelivered: () => 0,
  muchLater: () => new Promise(() => undefined),
  onAppend: () => undefined,
}

const largestEvent = 8 * 2 ** 20
const fullBatchBytes = 2 ** 20

export interface LogConnection {
  readonly codec: EventCodec["Service"]
  readonly wire?: Wire
  readonly trouble?: LogTrouble
  /** What the member's process is called in the groups that it joins. */
  readonly member?: string
}

export const connectLog = (records: LogRecords, connection: LogConnection): EventLog["Service"] => {
  const { codec, wire = calmWire, trouble = noLogTrouble, member = "member" } = connection
  const unlessAway = (): void => {
    const away = trouble.away()
    if (away !== null) throw new LogUnavailable({ message: away })
  }

  const write = (encoded: readonly EncodedEvent[], has: (name: string) => boolean): readonly Position[] => {
    const positions = encoded.flatMap(({ topic, key, bytes }) => {
      const partition = records.partitionOf({ topic, key })
      return has(partitionName(partition)) ? [records.write(partition, key, bytes)] : []
    })
    trouble.onAppend(positions)
    records.announce()
    return positions
  }

  const append = async (encoded: readonly EncodedEvent[]): Promise<readonly Position[]> => {
    await wire.arrive()
    unlessAway()
    const full = trouble.full()
    if (full !== null) throw new LogUnavailable({ message: full })
    const fate = trouble.fate()
    const parts = new Map<string, boolean>()
    const hasPart = (name: string): boolean => {
      const has = parts.get(name) ?? trouble.hasPart()
      parts.set(name, has)
      return has
    }
    const positions = fate === "done" || fate === "lost" ? write(encoded, () => true) : []
    if (fate === "partly") write(encoded, hasPart)
    if (fate === "late") void trouble.muchLater().then(() => write(encoded, () => true))
    await wire.answer()
    if (fate !== "done") throw new LogUnavailable({ message: "the log did not say whether it has the events" })
    return positions
  }

  const encodedOf = (events: readonly AnyEvent[]): readonly EncodedEvent[] | EventTooLarge => {
    const encoded: EncodedEvent[] = []
    for (const event of events) {
      const one = codec.encode(event)
      if (one.bytes.length > largestEvent)
        return new EventTooLarge({ message: "too large", type: event.type, bytes: one.bytes.length, limit: largestEvent })
      encoded.push(one)
    }
    return encoded
  }

  /** The next records of any of these places, the first of which has its turn. */
  const found = (places: readonly Place[]): Found | undefined => {
    for (const [at, place] of places.entries()) {
      const all = records.of(place)
      const until = Math.min(place.until, all.length)
      if (place.next >= until) continue
      const some = cut(all.slice(place.next, Math.min(until, place.next + Math.max(1, trouble.batchLength()))))
      const moved = { ...place, next: place.next + some.length }
      return { place, records: some, places: [...places.slice(at + 1), ...places.slice(0, at), moved] }
    }
    return undefined
  }

  const look = async (places: readonly Place[]): Promise<Found | undefined> => {
    await wire.arrive()
    unlessAway()
    const some = found(places)
    await wire.answer()
    return some
  }

  const decoded = ({ place: { topic, partition }, records: stored }: Found): Effect.Effect<Batch, LogUnavailable> =>
    Effect.map(decodeRecords(codec, { topic, partition }, stored), (decoded) => ({
      topic,
      partition,
      records: decoded,
      next: stored.at(-1)!.offset + 1,
    }))

  const ends = attempted(async () => {
    await wire.arrive()
    unlessAway()
    const ends = records.ends()
    await wire.answer()
    return ends
  })

  const recordsAt = (positions: readonly Position[]) => {
    const stored = attempted(async () => {
      await wire.arrive()
      unlessAway()
      const found = positions.flatMap((position) => {
        const record = records.of(position)[position.offset]
        return record === undefined ? [] : [[positionName(position), record] as const]
      })
      await wire.answer()
      return new Map(found)
    })
    return Effect.flatMap(stored, (found) => decodeAt(codec, positions, found))
  }

  const source = (from: Starts, only?: readonly Partition[]): Stream.Stream<Batch, LogUnavailable> =>
    Stream.unwrap(
      Effect.map(ends, (ends) =>
        Stream.unfold(placesOf(endsAmong(ends, only), from), (places) =>
          Effect.flatMap(
            attempted(() => look(places)),
            (some) =>
              some === undefined ? Effect.undefined : Effect.map(decoded(some), (batch) => [batch, some.places] as const),
          ),
        ),
      ),
    )

  const awaited = async (places: readonly Place[], signal: AbortSignal, isOver = () => false): Promise<Found | undefined> => {
    while (!signal.aborted && !isOver()) {
      const heard = records.announced(signal)
      const some = await look(places)
      if (some !== undefined) return some
      await heard
      await wire.answer()
    }
    return undefined
  }

  const follow = (from: Starts, only: readonly Partition[] = records.partitions): Stream.Stream<Batch, LogUnavailable> =>
    Stream.unfold(placesOf(only.map(endless), from), (places) =>
      Effect.flatMap(
        attempted((signal) => awaited(places, signal)),
        (some) => (some === undefined ? Effect.undefined : Effect.map(decoded(some), (batch) => [batch, some.places] as const)),
      ),
    )

  const share = <E>(name: string, { start, take }: Share<E>): Effect.Effect<never, LogUnavailable | E> => {
    const assigned = ({ partitions, isOver }: ReturnType<Member["assignment"]>) =>
      Effect.gen(function* () {
        const from = new Map<string, number>()
        for (const partition of partitions) from.set(partitionName(partition), yield* start(partition))
        let places = placesOf(partitions.map(endless), from)
        while (!isOver()) {
          const some = yield* attempted((signal) => awaited(places, signal, isOver))
          if (some === undefined) return
          const batch = yield* decoded(some)
          const taken = yield* take(batch)
          const next = Math.max(0, taken - trouble.redelivered())
          places = some.places.map((place) => (partitionName(place) === partitionName(batch) ? { ...place, next } : place))
        }
      })
    return Effect.scoped(
      Effect.acquireRelease(
        Effect.sync(() => records.group(name).join(member)),
        (joined) => Effect.sync(() => joined.leave()),
      ).pipe(Effect.flatMap((joined) => Effect.forever(Effect.suspend(() => assigned(joined.assignment()))))),
    )
  }

  return EventLog.of({
    append: (events) =>
      Effect.suspend((): Effect.Effect<readonly Position[], LogUnavailable | EventTooLarge> => {
        if (events.length === 0) return Effect.succeed([])
        const encoded = encodedOf(events)
        return encoded instanceof EventTooLarge ? Effect.fail(encoded) : attempted(() => append(encoded))
      }),
    source,
    follow,
    share,
    setAside: () => Effect.void,
    recordsAt,
    ends,
  })
}

interface Place extends Partition {
  readonly next: number
  readonly until: number
}

interface Found {
  readonly place: Place
  readonly records: readonly StoredRecord[]
  readonly places: readonly Place[]
}

const placesOf = (ends: readonly Position[], from: Starts): readonly Place[] =>
  ends.map(({ topic, partition, offset }) => ({
    topic,
    partition,
    next: from.get(partitionName({ topic, partition })) ?? 0,
    until: offset,
  }))

const endless = (partition: Partition): Position => ({ ...partition, offset: Number.POSITIVE_INFINITY })

const cut = (records: readonly StoredRecord[]): readonly StoredRecord[] => {
  let bytes = 0
  for (const [i, record] of records.entries()) {
    bytes += record.bytes.length
    if (bytes >= fullBatchBytes) return records.slice(0, i + 1)
  }
  return records
}

const attempted = <A>(act: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, LogUnavailable> =>
  Effect.catchDefect(Effect.promise(act), (defect) =>
    defect instanceof LogUnavailable ? Effect.fail(defect) : Effect.die(defect),
  )
