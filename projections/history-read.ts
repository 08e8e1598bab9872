/** The history of a run or an entity, read page by page from the log at the positions that the folds have noted. */
import { History, type Told } from "../domain/history.ts"
import type { Position, Recorded, Undecodable } from "../events/index.ts"
import { deadLetterAt } from "./dead-letters.ts"
import { lossOf } from "./lost-races.ts"
import { type Place, positionCount, positionsOf, type Stream } from "./positions.ts"
import type { Rows } from "./rows.ts"

/** What it is read with: the projections, in a transaction of its own each time, and the log. */
export interface HistorySources {
  readonly read: <A>(body: (rows: Rows) => Promise<A>) => Promise<A>
  readonly recordsAt: (positions: readonly Position[]) => Promise<readonly (Recorded | Undecodable | undefined)[]>
}

/** What is told of a record, and no more of it: a page of whole records could be gigabytes. */
export type Entry =
  | (Pick<Recorded, "type" | "position" | "meta"> & { readonly told: Told })
  | Pick<Undecodable, "type" | "position" | "reason">

export interface HistoryPage {
  readonly entries: readonly Entry[]
  /** Where the next page begins; null where this is the last one. */
  readonly next: number | null
}

export interface HistoryAsked {
  /** The number of a record within its stream, repeats counted; null: the first or the last one there is. */
  readonly from: number | null
  /** Most records that are looked at. */
  readonly limit: number
  readonly newestFirst: boolean
}

/** So many changes before a page are looked at to tell what was before; of changes beyond them, that is not known. */
const mostBefore = 10_000
/** Most records before a page among which such changes are looked for. */
const mostLooked = 1_000_000
/** Records that are held at once: one may have 8 MiB. */
const atOnce = 32

export const readHistory = async (sources: HistorySources, stream: Stream, asked: HistoryAsked): Promise<HistoryPage> => {
  const { places, before, isWhole, from, to, count } = await sources.read((rows) => placesOf(rows, stream, asked))
  const history = new History(stream.kind, isWhole)
  await eachEntry(sources, before, history, () => undefined)
  const entries: Entry[] = []
  await eachEntry(sources, places, history, (entry) => entries.push(entry))
  const next = asked.newestFirst ? (from > 0 ? from : null) : to < count ? to : null
  return { entries: asked.newestFirst ? entries.reverse() : entries, next }
}

const placesOf = async (rows: Rows, stream: Stream, { from: asked, limit, newestFirst }: HistoryAsked) => {
  const count = await positionCount(rows, stream)
  const [from, to] = newestFirst
    ? [Math.max(0, Math.min(asked ?? count, count) - limit), Math.min(asked ?? count, count)]
    : [Math.min(asked ?? 0, count), Math.min((asked ?? 0) + limit, count)]
  const places = (await positionsOf(rows, stream, { from, to })).filter(({ holds }) => holds !== "repeat")
  const looked = Math.max(0, from - mostLooked)
  const all = await positionsOf(rows, stream, { from: looked, to: from, only: "change" })
  const before = all.slice(-mostBefore)
  // What is said of a run in the one stream is not what is said in the other.
  const isWhole = looked === 0 && before.length === all.length && !(stream.kind === "run" && stream.topic === "control-events")
  return { places, before, isWhole, from, to, count }
}

/** Tells the records at these places, a few of which are held at a time. */
const eachEntry = async (
  sources: HistorySources,
  places: readonly Place[],
  history: History,
  take: (entry: Entry) => void,
): Promise<void> => {
  for (let i = 0; i < places.length; i += atOnce)
    for (const { event, isInVain } of await recordsOf(sources, places.slice(i, i + atOnce)))
      take(entryOf(event, history, isInVain))
}

const entryOf = (event: Recorded | Undecodable, history: History, isInVain: boolean): Entry => {
  if (event.type === "Undecodable") return { type: event.type, position: event.position, reason: event.reason }
  return { type: event.type, position: event.position, meta: event.meta, told: history.tell(event, isInVain) }
}

interface Found<R> {
  readonly event: R
  /** Whether it came to nothing: another overtook its command, or it is a dead letter. */
  readonly isInVain: boolean
}

/** The events at these places; what cannot be decoded is left out. */
export const eventsAt = async (sources: HistorySources, places: readonly Place[]): Promise<readonly Found<Recorded>[]> =>
  (await recordsOf(sources, places)).filter((found): found is Found<Recorded> => found.event.type !== "Undecodable")

const recordsOf = async (
  { read, recordsAt }: HistorySources,
  places: readonly Place[],
): Promise<readonly Found<Recorded | Undecodable>[]> => {
  if (places.length === 0) return []
  const records = (await recordsAt(places.map(({ position }) => position))).filter((record) => record !== undefined)
  return read(async (rows) => {
    const found: Found<Recorded | Undecodable>[] = []
    for (const event of records) found.push({ event, isInVain: await isInVain(rows, event) })
    return found
  })
}

const isInVain = async (rows: Rows, record: Recorded | Undecodable): Promise<boolean> => {
  if (record.type === "Undecodable") return true
  if (record.position.topic === "control-events" && (await lossOf(rows, record.meta)) !== undefined) return true
  return (await deadLetterAt(rows, record.position)) !== undefined
}
