/** Whether a store was folded from another log than this one. */
import { Effect, Stream } from "effect"
import {
  type Batch,
  EventLog,
  type LogUnavailable,
  type Partition,
  partitionName,
  type Starts,
} from "../domain/ports/event-log.ts"
import { KeyValueStore, type StoreFault } from "../domain/ports/key-value-store.ts"
import { keyOf, type Recorded } from "../events/index.ts"
import { deadLetterAt } from "./dead-letters.ts"
import { checkpoints } from "./fold.ts"
import { Rows } from "./rows.ts"
import { servingGeneration } from "./subspaces.ts"

/**
 * The partitions of which more is folded than stands in the log (it was lost, or put back from an older copy), and those
 * whose last folded events are others than the log's (the topic was made anew). What is appended to them now would be taken
 * for what was folded before, and never be seen. None where nothing is folded yet; any role may ask.
 */
export const partitionsBeyondLog: Effect.Effect<readonly string[], LogUnavailable | StoreFault, EventLog | KeyValueStore> =
  Effect.gen(function* () {
    const log = yield* EventLog
    // The projections first: the log may go on meanwhile, and its end only grows.
    const folded = yield* readIfAny(checkpoints, new Map<string, number>())
    const ends = yield* log.ends
    const beyond = (name: string, next: number): boolean => next > (ends.find((end) => partitionName(end) === name)?.offset ?? 0)
    const shorter = [...folded].filter(([name, next]) => beyond(name, next)).map(([name]) => name)
    const rest = ends.filter((end) => !shorter.includes(partitionName(end)) && (folded.get(partitionName(end)) ?? 0) > 0)
    if (rest.length === 0) return shorter
    const from = new Map(rest.map((end) => [partitionName(end), Math.max(0, (folded.get(partitionName(end)) ?? 0) - sampled)]))
    const batches = yield* firstBatches(log, from, rest)
    const others = yield* readIfAny(async (rows) => {
      const found: string[] = []
      for (const batch of batches)
        if (await isForeign(rows, batch, folded.get(partitionName(batch)) ?? 0)) found.push(partitionName(batch))
      return found
    }, [])
    return [...shorter, ...others]
  })

/** The last folded events of a partition that are looked at: one alone may be a dead letter. */
const sampled = 16

/** One batch of each partition from these offsets on; fewer where the log does not tell them in time. */
const firstBatches = (log: EventLog["Service"], from: Starts, partitions: readonly Partition[]) => {
  const found = new Map<string, Batch>()
  return log.follow(from, partitions).pipe(
    Stream.tap((batch) => Effect.sync(() => void (found.has(partitionName(batch)) || found.set(partitionName(batch), batch)))),
    Stream.takeUntil(() => found.size === from.size),
    Stream.runDrain,
    Effect.timeoutOption("10 seconds"),
    Effect.map(() => [...found.values()]),
  )
}

/** Whether the store knows none of the events that stand where it has folded some. */
const isForeign = async (rows: Rows, { records }: Batch, next: number): Promise<boolean> => {
  const events: Recorded[] = []
  for (const record of records)
    if (
      record.type !== "Undecodable" &&
      record.position.offset < next &&
      (await deadLetterAt(rows, record.position)) === undefined
    )
      events.push(record)
  const known = await Promise.all(events.map((event) => isFolded(rows, event)))
  return events.length > 0 && !known.includes(true)
}

/** Whether the event's writer has come so far in the event's stream (fold.ts). */
const isFolded = async (rows: Rows, event: Recorded): Promise<boolean> => {
  const { writer, seq } = event.meta
  const last = await rows.get("marks", ["writer", keyOf(event), writer])
  return Array.isArray(last) && Number(last[0]) >= seq
}

const readIfAny = <A>(body: (rows: Rows) => Promise<A>, missing: A): Effect.Effect<A, StoreFault, KeyValueStore> =>
  KeyValueStore.use((store) =>
    store.read(async (tx) => {
      const generation = await servingGeneration(tx)
      return generation === undefined ? missing : body(new Rows(tx, generation))
    }),
  )
