/** Which points a run's rewinds took away: the run's events replayed, with no more of them held than the points that stand. */
import type { Recorded } from "../events/index.ts"

/** A point as it was logged; of an object, `value` is null. */
export interface SupersededPoint {
  readonly step: number
  readonly value: number | null
  /** Unix seconds. */
  readonly time: number
  readonly epoch: number | null
}

/** The points of a sequence that a rewind dropped, by their steps. */
export interface SupersededSequence {
  readonly name: string
  readonly contextId: number
  /** As msgpack. */
  readonly context: Uint8Array
  readonly kind: "metric" | "object"
  readonly points: readonly SupersededPoint[]
}

interface Standing extends Omit<SupersededSequence, "points"> {
  readonly points: Map<number, SupersededPoint>
  /** The greatest step; undefined where there is none. */
  last: number | undefined
}

type PointsEvent = Recorded<"PointsLogged"> | Recorded<"ObjectLogged">

export class StandingPoints {
  readonly #sequences = new Map<string, Standing>()
  /** The sequence that is asked for; all, where none is. */
  readonly #only: string | null
  /** The id of the deletion, while the run is deleted. */
  #deletion: string | null = null
  /** Whether its data is gone, so that restoring brings nothing back. */
  #isPurged = false
  #size = 0

  constructor(only: { readonly name: string; readonly contextId: number } | null = null) {
    this.#only = only === null ? null : keyOf(only)
  }

  /** How many points are held. */
  get size(): number {
    return this.#size
  }

  /** Takes the run's next event; answers what it dropped, where it is a rewind. */
  take(event: Recorded): readonly SupersededSequence[] {
    switch (event.type) {
      case "RunRestored":
        if (!this.#isPurged) this.#deletion = null
        return []
      case "RunPurged":
        if (event.data.deletion !== this.#deletion) return []
        this.#clear()
        this.#isPurged = true
        return []
      case "TombstoneLifted":
        if (this.#deletion !== null) this.#clear()
        this.#deletion = null
        this.#isPurged = false
        return []
    }
    if (this.#deletion !== null) return []
    if (event.type === "RunDeleted") this.#deletion = event.meta.id
    else if (event.type === "PointsLogged" || event.type === "ObjectLogged") this.#log(event)
    return event.type === "RunRewound" ? this.#rewind(event.data.step) : []
  }

  #log(event: PointsEvent): void {
    const key = keyOf(event.data)
    if (this.#only !== null && this.#only !== key) return
    const kind = event.type === "PointsLogged" ? "metric" : "object"
    const { name, contextId, context } = event.data
    const sequence = this.#sequences.get(key) ?? { name, contextId, context, kind, points: new Map(), last: undefined }
    // A sequence keeps its kind.
    if (sequence.kind !== kind) return
    this.#sequences.set(key, sequence)
    const before = sequence.points.size
    for (const point of pointsOf(event, (sequence.last ?? -1) + 1)) {
      sequence.points.set(point.step, point)
      sequence.last = Math.max(sequence.last ?? point.step, point.step)
    }
    this.#size += sequence.points.size - before
  }

  #rewind(step: number): readonly SupersededSequence[] {
    const dropped: SupersededSequence[] = []
    for (const [key, sequence] of this.#sequences) {
      const gone = [...sequence.points.values()].filter((point) => point.step > step)
      if (gone.length === 0) continue
      for (const point of gone) sequence.points.delete(point.step)
      this.#size -= gone.length
      if (sequence.points.size === 0) this.#sequences.delete(key)
      else sequence.last = lastOf(sequence.points)
      const { name, contextId, context, kind } = sequence
      dropped.push({ name, contextId, context, kind, points: gone.sort((a, b) => a.step - b.step) })
    }
    return dropped
  }

  #clear(): void {
    this.#sequences.clear()
    this.#size = 0
  }
}

const keyOf = ({ name, contextId }: { readonly name: string; readonly contextId: number }): string => `${contextId}/${name}`

const lastOf = (points: ReadonlyMap<number, SupersededPoint>): number => {
  let last = Number.NEGATIVE_INFINITY
  for (const step of points.keys()) last = Math.max(last, step)
  return last
}

/** `next` is the first of the steps that were left open. */
const pointsOf = (event: PointsEvent, next: number): readonly SupersededPoint[] => {
  if (event.type === "ObjectLogged") {
    const { step, epoch } = event.data
    return [{ step: step ?? next, value: null, time: event.meta.at, epoch }]
  }
  const { steps, values, epochs, firstTime, timeOffsets } = event.data
  return values.map((value, i) => ({
    step: steps[i] ?? next + i,
    value,
    time: (firstTime + (timeOffsets[i] ?? 0)) / 1e6,
    epoch: epochs[i] ?? null,
  }))
}
