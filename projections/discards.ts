/** Dead letters that an operator has given up: they are passed over by every later fold, so that a rebuild comes out the same. */
import { Effect, Stream } from "effect"
import { EventLog, type LogUnavailable, partitionName, type Starts } from "../domain/ports/event-log.ts"
import { decodeValue } from "../domain/msgpack.ts"
import { float, numberOf, type Value } from "../domain/value.ts"
import { positionName } from "../domain/positions.ts"
import type { Topic } from "../events/define.ts"
import type { Position } from "../events/index.ts"
import type { Projector } from "./projector.ts"
import type { Rows } from "./rows.ts"

export const discards = {
  DeadLetterDiscarded: async ({ data: { topic, partition, offset, reason }, meta }, { rows }) => {
    const key = ["discarded", topic, partition, offset]
    if (!(await rows.has("own", key))) rows.set("own", key, [float(meta.at), reason])
  },
} satisfies Projector

/** A dead letter that was given up: `at` in Unix seconds, `reason` in the operator's words. */
export interface Discard {
  readonly position: Position
  readonly at: number
  readonly reason: string
}

/** What was discarded, as far as it is folded, by {@link positionName}. */
export const discarded = async (rows: Rows): Promise<ReadonlyMap<string, Discard>> => {
  const found = new Map<string, Discard>()
  for await (const chunk of rows.eachUnder("own", ["discarded"]))
    for (const { rest, bytes } of chunk) {
      const [topic, partition, offset] = rest as unknown as readonly [Topic, number, number]
      const position = { topic, partition, offset }
      found.set(positionName(position), discardOf(position, decodeValue(bytes)))
    }
  return found
}

/** The discard of one position; null where there is none, or none is folded yet. */
export const discardAt = async (rows: Rows, position: Position): Promise<Discard | null> => {
  const stored = await rows.get("own", ["discarded", position.topic, position.partition, position.offset])
  return stored === undefined ? null : discardOf(position, stored)
}

const discardOf = (position: Position, stored: Value): Discard => {
  const [at, reason] = stored as readonly [Value, Value]
  return { position, at: numberOf(at) ?? 0, reason: String(reason) }
}

/**
 * The positions that the log discards from these checkpoints on: a fold must know them before it comes to the events. What is
 * discarded at or after `until` does not count for a fold that ends there.
 */
export const discardsAhead = (from: Starts, until?: Starts): Effect.Effect<readonly string[], LogUnavailable, EventLog> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const ends = yield* log.ends
    const starts = ends.map((end): [string, number] => {
      const name = partitionName(end)
      return [name, end.topic === "control-events" ? (from.get(name) ?? 0) : end.offset]
    })
    const counts = (position: Position): boolean =>
      until === undefined || position.offset < (until.get(partitionName(position)) ?? 0)
    const found: string[] = []
    yield* Stream.runForEach(log.source(new Map(starts)), ({ records }) =>
      Effect.sync(() => {
        for (const { type, data, position } of records.filter((record) => record.type === "DeadLetterDiscarded"))
          if (type === "DeadLetterDiscarded" && counts(position)) found.push(`${data.topic}/${data.partition}/${data.offset}`)
      }),
    )
    return found
  })
