/** How far a fold of many events is, how fast it goes, and how long it still takes. */
import { partitionName, type Starts } from "../domain/ports/event-log.ts"
import type { Position } from "../events/index.ts"
import type { FoldedPart } from "./folded-part.ts"

/** Rates are per second, over the last {@link windowMillis}. */
export interface FoldProgress {
  readonly events: number
  /** Those that are to be folded, and those appended since that are folded already. */
  readonly total: number
  /** Those of this process only: what an earlier one has folded is not known by points. */
  readonly points: number
  readonly eventRate: number
  readonly pointRate: number
  /** Null while nothing was folded for a while. */
  readonly secondsLeft: number | null
}

/** What rates are made of, in milliseconds. */
const windowMillis = 10_000
/** Between two moments that are remembered. */
const momentMillis = 250

interface Moment {
  readonly at: number
  readonly events: number
  readonly points: number
}

export class FoldMeter {
  readonly #ends: Starts
  #before = 0
  #now: Moment
  #moments: Moment[]

  /** `ends` is where each partition ends; `at` the time, in milliseconds by any clock, as of all other calls. */
  constructor(ends: Starts, at: number) {
    this.#ends = ends
    this.#now = { at, events: 0, points: 0 }
    this.#moments = [this.#now]
  }

  /** The fold begins there: what came before was folded by another. */
  begin(from: Starts, at: number): void {
    this.#before = 0
    for (const [name, end] of this.#ends) this.#before += Math.min(end, from.get(name) ?? 0)
    this.#now = { at, events: 0, points: 0 }
    this.#moments = [this.#now]
  }

  folded({ events, points }: Pick<FoldedPart, "events" | "points">, at: number): void {
    this.#now = { at, events: this.#now.events + events, points: this.#now.points + points }
    if (at - this.#moments.at(-1)!.at < momentMillis) return
    this.#moments.push(this.#now)
    while (at - this.#moments[1]!.at > windowMillis) this.#moments.shift()
  }

  read(at: number): FoldProgress {
    // Of the oldest moment that is still within the window; before it nothing may have happened for long.
    const since = this.#moments.find((moment) => at - moment.at <= windowMillis) ?? this.#now
    const seconds = Math.max(0.001, (at - since.at) / 1_000)
    const eventRate = (this.#now.events - since.events) / seconds
    const events = this.#before + this.#now.events
    const total = Math.max(events, sumOf(this.#ends))
    const secondsLeft = events === total ? 0 : eventRate > 0 ? (total - events) / eventRate : null
    const pointRate = (this.#now.points - since.points) / seconds
    return { events, total, points: this.#now.points, eventRate, pointRate, secondsLeft }
  }
}

/** In a line, for people. */
export const progressText = ({ events, total, points, eventRate, pointRate, secondsLeft }: FoldProgress): string => {
  const share = total === 0 ? 100 : Math.floor((100 * events) / total)
  const left = secondsLeft === null ? "?" : count(Math.ceil(secondsLeft))
  return (
    `folded ${count(events)} of ${count(total)} events (${share} %) and ${count(points)} points; ` +
    `${count(eventRate)} events/s, ${count(pointRate)} points/s, ${left} s left`
  )
}

const sumOf = (starts: Starts): number => [...starts.values()].reduce((sum, offset) => sum + offset, 0)

const count = (number: number): string => Math.round(number).toLocaleString("en")

/** Where partitions end, as the meter takes it. */
export const endsByName = (ends: readonly Position[]): Starts => new Map(ends.map((end) => [partitionName(end), end.offset]))
