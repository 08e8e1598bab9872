import { Effect } from "effect"
import { LogUnavailable, type Partition, partitionName } from "../../domain/ports/event-log.ts"
import { positionName } from "../../domain/positions.ts"
import type { Position, Recorded, Undecodable } from "../../events/index.ts"
import { type EventCodec, isDecoded } from "./codec.ts"

/** A record as a log stores it. */
export interface StoredRecord {
  readonly offset: number
  readonly key: string
  readonly bytes: Uint8Array
  /** What is wrong with it, where the log finds that it is not as it was put down. */
  readonly damage?: string
}

/** Decodes records of a partition, once more for what waits for a schema that the registry may know. */
export const decodeRecords = (
  codec: EventCodec["Service"],
  partition: Partition,
  records: readonly StoredRecord[],
): Effect.Effect<readonly (Recorded | Undecodable)[], LogUnavailable> =>
  Effect.suspend(() => {
    const unknown = new Set<number>()
    const decoded = decodeAll(codec, partition, records, unknown)
    if (unknown.size === 0) return Effect.succeed(decoded)
    // Side by side, for each may have to be waited for.
    return Effect.forEach(unknown, (id) => codec.learn(id), { concurrency: 8, discard: true }).pipe(
      Effect.mapError((cause) => new LogUnavailable({ message: "the schema registry cannot be asked", cause })),
      Effect.map(() => decodeAll(codec, partition, records, new Set())),
    )
  })

/** Decodes what a log has stored at some positions, each once, and answers as its `recordsAt` does. */
export const decodeAt = (
  codec: EventCodec["Service"],
  positions: readonly Position[],
  stored: ReadonlyMap<string, StoredRecord>,
): Effect.Effect<readonly (Recorded | Undecodable | undefined)[], LogUnavailable> => {
  const unique = new Map(positions.map((position) => [positionName(position), position]))
  const parts = [...Map.groupBy(unique.values(), partitionName).values()].map((some) => {
    const { topic, partition } = some[0]!
    const records = some.map((position) => stored.get(positionName(position))).filter((record) => record !== undefined)
    return decodeRecords(codec, { topic, partition }, records)
  })
  return Effect.map(Effect.all(parts), (decoded) => {
    const found = new Map(decoded.flat().map((record) => [positionName(record.position), record]))
    return positions.map((position) => found.get(positionName(position)))
  })
}

const decodeAll = (
  codec: EventCodec["Service"],
  { topic, partition }: Partition,
  records: readonly StoredRecord[],
  unknown: Set<number>,
): readonly (Recorded | Undecodable)[] =>
  records.map(({ offset, key, bytes, damage }) => {
    const position = { topic, partition, offset }
    if (damage !== undefined) return { type: "Undecodable", position, key, bytes, reason: damage }
    const event = codec.decode(bytes)
    if (isDecoded(event)) return { ...event, position }
    if (event.unknownSchema !== undefined) unknown.add(event.unknownSchema)
    return { type: "Undecodable", position, key, bytes, reason: event.undecodable }
  })
