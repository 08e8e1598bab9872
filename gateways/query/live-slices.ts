/** Stretches of the log as the events that clients of the stream are sent. */
import type { Starts } from "../../domain/ports/event-log.ts"
import { decodeValue } from "../../domain/msgpack.ts"
import { float } from "../../domain/value.ts"
import type { Change, SequencesGrown } from "../../projections/live-changes.ts"
import type { LiveFeed, Stretch } from "../../projections/live-feed.ts"
import type { PointsMeaning } from "../../projections/live-meanings.ts"
import { lastStepOf } from "../../projections/live-steps.ts"
import type { Rows } from "../../projections/rows.ts"
import type { Gateway } from "./gateway.ts"
import { jsonText } from "./json-body.ts"
import type { Cursors } from "./live-cursor.ts"
import type { Tree } from "./stream-codec.ts"

export type Topic = Change["topic"]

/** One event of the stream. */
export interface LiveEvent {
  readonly topic: Topic
  /** The run that it is about; null for entities. */
  readonly run: string | null
  readonly data: Readonly<Record<string, Tree>>
  /** The data as JSON. */
  readonly text: string
  /** The cursor after it. */
  readonly id: string
}

/** The events of a stretch, and where whoever was told them stands. */
export interface Slice {
  readonly events: readonly LiveEvent[]
  readonly after: Starts
  readonly id: string
}

/** `before` is where the stretch begins. */
export const sliceOf = async (
  feed: LiveFeed,
  run: Gateway["run"],
  cursors: Cursors,
  { before, stretch }: { readonly before: Starts; readonly stretch: Stretch },
): Promise<Slice> => {
  const { partition, until, changes } = stretch
  const after = new Map(before).set(partition, until)
  const id = cursors.seal({ next: after, open: null })
  const grows = changes.some(({ topic }) => topic === "points")
  const data = grows
    ? await run(feed.read((rows) => Promise.all(changes.map((change) => dataOf(rows, change)))))
    : changes.map(plainData)
  const events = changes.map((change, i): LiveEvent => {
    const told = i + 1
    return {
      topic: change.topic,
      run: change.topic === "entities" ? null : change.run,
      data: data[i]!,
      text: jsonText(data[i]!),
      id: told === changes.length ? id : cursors.seal({ next: before, open: { partition, until, told } }),
    }
  })
  return { events, after, id }
}

const dataOf = async (rows: Rows, change: Change): Promise<Readonly<Record<string, Tree>>> =>
  change.topic === "points" ? { run: change.run, sequences: await sequencesOf(rows, change) } : plainData(change)

const plainData = (change: Change): Readonly<Record<string, Tree>> => {
  if (change.topic === "runs") return { id: change.run, change: change.change, at: float(change.at) }
  return change.topic === "entities" ? { kind: change.kind, id: change.id, change: change.change } : {}
}

const sequencesOf = (rows: Rows, { run, sequences }: SequencesGrown): Promise<readonly Tree[]> =>
  Promise.all(
    sequences.map(async ({ name, contextId, context, count }: PointsMeaning) => ({
      name,
      context: context === null ? {} : decodeValue(context),
      contextId,
      lastStep: await lastStepOf(rows, run, contextId, name),
      count,
    })),
  )
