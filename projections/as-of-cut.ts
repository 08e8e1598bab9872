/** What a fold of a part of the log is asked by: a time, or positions; and where in each partition it ends. */
import { Clock, Data, Effect, Stream } from "effect"
import { EventLog, type LogUnavailable, partitionName, type Starts } from "../domain/ports/event-log.ts"
import { microsOfText } from "../domain/time.ts"
import type { Position } from "../events/index.ts"

/** It cannot be folded as it was asked for. */
export class AsOfRefused extends Data.TaggedError("AsOfRefused")<{ readonly message: string }> {}

/** The last thing that is folded: of each partition what comes before the first event after a time (Unix seconds), or last offsets. */
type Cut =
  | { readonly _tag: "Time"; readonly seconds: number }
  /** By `topic/partition`; -1 before the first. */
  | { readonly _tag: "Last"; readonly offsets: ReadonlyMap<string, number> }

/**
 * Where a fold that is asked for in words ends: the offset after the last event of each partition.
 *
 * A time takes of each partition all before the first event that a gateway took later. Gateways' clocks may differ, so an
 * event that was taken earlier by its own clock may stand behind that one; it is left out, for a partition's order is what
 * folds go by. A record that cannot be decoded has no time, and ends nothing. Positions, `topic/partition/offset` with commas,
 * are those of the last events that are folded, -1 for none; a partition that is not named is folded to its end.
 */
export const endsOf = (asked: string): Effect.Effect<Starts, LogUnavailable | AsOfRefused, EventLog> =>
  Effect.gen(function* () {
    const cut = yield* cutIn(asked)
    const ends = yield* EventLog.use((log) => log.ends)
    // The log goes on until then, and the same words would name what there is by now for good.
    if (cut._tag === "Time" && cut.seconds * 1_000 > (yield* Clock.currentTimeMillis))
      return yield* refused(`${asked} is still to come`)
    return cut._tag === "Time" ? yield* endsAt(cut.seconds, ends) : yield* endsAfter(cut.offsets, ends)
  })

/** As {@link endsOf} takes positions: the last event of each partition. */
export const lastText = (ends: Starts): string => [...ends].map(([name, end]) => `${name}/${end - 1}`).join(",")

const cutIn = (asked: string): Effect.Effect<Cut, AsOfRefused> => {
  const seconds = secondsIn(asked)
  if (seconds !== undefined) return Effect.succeed({ _tag: "Time", seconds })
  const offsets = new Map<string, number>()
  for (const name of asked.split(",").map((part) => part.trim())) {
    const [, partition, offset] = /^((?:data-ingestion|control-events)\/\d{1,9})\/(-1|\d{1,15})$/.exec(name) ?? []
    if (partition === undefined) return refused(`"${asked.slice(0, 200)}" is neither a time, such as ${examples}`)
    if (offsets.has(partition)) return refused(`${partition} is named twice`)
    offsets.set(partition, Number(offset))
  }
  return Effect.succeed({ _tag: "Last", offsets })
}

const examples =
  "2026-11-22T10:00:00Z or 1795341600, nor positions, such as data-ingestion/3/1405,control-events/0/12 (-1: nothing of it)"

/** Unix seconds, or ISO 8601 to the day, minute or second, of the calendar; in UTC where no zone is told. */
const secondsIn = (text: string): number | undefined => {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return Number(text)
  const micros = microsOfText(text)
  return Number.isNaN(micros) ? undefined : micros / 1e6
}

const endsAt = (seconds: number, ends: readonly Position[]): Effect.Effect<Starts, LogUnavailable, EventLog> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const until = new Map(ends.map((end) => [partitionName(end), end.offset]))
    const left = new Set([...until].filter(([, end]) => end > 0).map(([name]) => name))
    if (left.size === 0) return until
    const batches = Stream.takeUntil(log.source(new Map()), (batch) => {
      const name = partitionName(batch)
      if (!left.has(name)) return left.size === 0
      const later = batch.records.find((record) => record.type !== "Undecodable" && record.meta.serverTime > seconds)
      if (later !== undefined) until.set(name, Math.min(until.get(name) ?? 0, later.position.offset))
      if (later !== undefined || batch.next >= (until.get(name) ?? 0)) left.delete(name)
      return left.size === 0
    })
    yield* Stream.runDrain(batches)
    return until
  })

const endsAfter = (offsets: ReadonlyMap<string, number>, ends: readonly Position[]): Effect.Effect<Starts, AsOfRefused> => {
  const until = new Map(ends.map((end) => [partitionName(end), end.offset]))
  for (const [name, offset] of offsets) {
    const end = until.get(name)
    if (end === undefined) return refused(`the log has no partition ${name}; it has ${[...until.keys()].join(", ")}`)
    if (offset >= end) return refused(`${name}/${offset} is beyond the end of the log, whose last there is ${name}/${end - 1}`)
    until.set(name, offset + 1)
  }
  return Effect.succeed(until)
}

const refused = (message: string): Effect.Effect<never, AsOfRefused> => Effect.fail(new AsOfRefused({ message }))
