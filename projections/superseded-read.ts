/** What the rewinds of a run took away, read from the log at the run's positions: it is stored nowhere else. */
import { type SupersededSequence, StandingPoints } from "../domain/superseded.ts"
import type { Position, Recorded } from "../events/index.ts"
import { eventsAt, type HistorySources } from "./history-read.ts"
import { positionsOf, type Stream } from "./positions.ts"

export interface RewindsPage {
  readonly rewinds: readonly Recorded<"RunRewound">[]
  /** Where the next page begins; null where this is the last one. */
  readonly next: number | null
}

/** Why what a rewind dropped is not told. */
export type NotTold = "no-rewind" | "too-much"

export interface Which {
  readonly name: string
  readonly contextId: number
}

/** Most changes that a page of rewinds looks at. */
const mostChanges = 5_000
/** Beyond so many records before a rewind, or points that stand at once, what it dropped is not gathered. */
const most = { records: 200_000, points: 2_000_000 }
const atOnce = 32

/** The rewinds of a run, oldest first, from a record of the run on. */
export const rewindsOf = async (sources: HistorySources, stream: Stream, from: number): Promise<RewindsPage> => {
  const changes = await sources.read((rows) => positionsOf(rows, stream, { from, to: Number.POSITIVE_INFINITY, only: "change" }))
  const page = changes.slice(0, mostChanges)
  const rewinds: Recorded<"RunRewound">[] = []
  for (let i = 0; i < page.length; i += atOnce)
    for (const { event } of await eventsAt(sources, page.slice(i, i + atOnce)))
      if (event.type === "RunRewound") rewinds.push(event)
  return { rewinds, next: changes[mostChanges]?.number ?? null }
}

/** What the rewind at an offset of the run's partition dropped: of all its sequences, or of one. */
export const supersededBy = async (
  sources: HistorySources,
  stream: Stream,
  offset: number,
  only: Which | null,
): Promise<readonly SupersededSequence[] | NotTold> => {
  const first = await sources.read((rows) => positionsOf(rows, stream, { from: 0, to: most.records }))
  const places = first.filter(({ position, holds }) => position.offset <= offset && holds !== "repeat")
  const rewind = first.find(({ position }) => position.offset === offset)
  if (rewind === undefined) return first.length < most.records ? "no-rewind" : "too-much"
  if (rewind.holds === "repeat" || !(await isRewind(sources, rewind.position))) return "no-rewind"
  const standing = new StandingPoints(only)
  let dropped: readonly SupersededSequence[] = []
  for (let i = 0; i < places.length; i += atOnce)
    for (const { event, isInVain } of await eventsAt(sources, places.slice(i, i + atOnce))) {
      dropped = isInVain ? [] : standing.take(event)
      if (standing.size > most.points) return "too-much"
    }
  return dropped
}

const isRewind = async ({ recordsAt }: HistorySources, position: Position): Promise<boolean> =>
  (await recordsAt([position]))[0]?.type === "RunRewound"
