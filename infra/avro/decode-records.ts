import { Effect } from "effect"
import { LogUnavailable, type Partition } from "../../domain/ports/event-log.ts"
import type { Recorded, Undecodable } from "../../events/index.ts"
import { type EventCodec, isDecoded } from "./codec.ts"

/** A record as a log stores it. */
export interface StoredRecord {
  readonly offset: number
  readonly key: string
  readonly bytes: Uint8Array
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

const decodeAll = (
  codec: EventCodec["Service"],
  { topic, partition }: Partition,
  records: readonly StoredRecord[],
  unknown: Set<number>,
): readonly (Recorded | Undecodable)[] =>
  records.map(({ offset, key, bytes }) => {
    const position = { topic, partition, offset }
    const event = codec.decode(bytes)
    if (isDecoded(event)) return { ...event, position }
    if (event.unknownSchema !== undefined) unknown.add(event.unknownSchema)
    return { type: "Undecodable", position, key, bytes, reason: event.undecodable }
  })
