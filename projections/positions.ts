/** Positions as people write them, `topic/partition/offset`, and the record that stands at one. */
import { Effect, Option, Stream } from "effect"
import { EventLog, type LogUnavailable, partitionName } from "../domain/ports/event-log.ts"
import type { Position, Recorded, Undecodable } from "../events/index.ts"

export const positionName = (position: Position): string => `${partitionName(position)}/${position.offset}`

/** The position that a name stands for; undefined where it is none. */
export const positionNamed = (name: string): Position | undefined => {
  const [, topic, partition, offset] = /^(data-ingestion|control-events)\/(\d{1,9})\/(\d{1,15})$/.exec(name) ?? []
  if (topic !== "data-ingestion" && topic !== "control-events") return undefined
  return { topic, partition: Number(partition), offset: Number(offset) }
}

/** The record at a position; undefined where the log has none. */
export const recordAt = (position: Position): Effect.Effect<Recorded | Undecodable | undefined, LogUnavailable, EventLog> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const name = partitionName(position)
    const end = (yield* log.ends).find((place) => partitionName(place) === name)
    if (end === undefined || position.offset >= end.offset) return undefined
    const first = yield* Stream.runHead(log.follow(new Map([[name, position.offset]]), [position]))
    return Option.getOrUndefined(first)?.records.find((record) => record.position.offset === position.offset)
  })
