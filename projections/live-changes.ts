/**
 * Stretches of one partition of the log as changes: what came often is told once. Which changes a stretch has, and in which
 * order, follows from its records alone, so that a place within them means the same to whoever reads it again.
 */
import { keyOf, type Recorded, type Undecodable } from "../events/index.ts"
import { type EntityChange, type EntityKind, meaningOf, type PointsMeaning, type RunMeaning } from "./live-meanings.ts"

export interface RunChanged {
  readonly topic: "runs"
  readonly run: string
  readonly change: RunMeaning["change"]
  /** Unix seconds: the event's own time. */
  readonly at: number
}

/** Points, objects or lines that were logged to sequences of one run. */
export interface SequencesGrown {
  readonly topic: "points"
  readonly run: string
  readonly sequences: readonly PointsMeaning[]
}

export interface EntityChanged {
  readonly topic: "entities"
  readonly kind: EntityKind
  readonly id: string
  readonly change: EntityChange
}

export type Change = RunChanged | SequencesGrown | EntityChanged

/**
 * Gathers the changes of a stretch. Those of one run keep their order, but for its points, which are told once, where the
 * last of them was; of changes of the same kind in a row, the last is told.
 */
export class Changes {
  readonly #changes = new Map<string, Change>()
  /** The points that were gathered, by run and then by sequence. */
  readonly #points = new Map<string, Map<string, PointsMeaning>>()
  /** How many turns of its life (created, deleted, restored) each run took: changes before and after one are apart. */
  readonly #turns = new Map<string, number>()
  #size = 0

  /** How much there is to tell: changes and sequences. */
  get size(): number {
    return this.#size
  }

  add(record: Recorded | Undecodable): void {
    const meaning = record.type === "Undecodable" ? null : meaningOf(record)
    if (record.type === "Undecodable" || meaning === null) return
    if (meaning.topic === "entities") this.#put(`${meaning.kind} ${meaning.change} ${meaning.id}`, meaning)
    else if (meaning.topic === "points") this.#addPoints(keyOf(record), meaning)
    else this.#addRun(keyOf(record), meaning, record.meta.at)
  }

  list(): readonly Change[] {
    return [...this.#changes.values()].map((change) =>
      change.topic === "points" ? { ...change, sequences: [...(this.#points.get(change.run)?.values() ?? [])] } : change,
    )
  }

  #addRun(run: string, { change, of }: RunMeaning, at: number): void {
    const turn = (this.#turns.get(run) ?? 0) + (change === "changed" ? 0 : 1)
    if (change !== "changed") this.#turns.set(run, turn)
    this.#put(`run ${change} ${turn} ${run}`, { topic: "runs", run, change, at })
    if (of !== undefined) this.#put(`${of.kind} changed ${of.id}`, { topic: "entities", ...of, change: "changed" })
  }

  #addPoints(run: string, points: PointsMeaning): void {
    const sequences = this.#points.get(run) ?? new Map<string, PointsMeaning>()
    const key = `${points.contextId} ${points.name}`
    const known = sequences.get(key)
    if (known === undefined) this.#size++
    sequences.set(key, known === undefined ? points : { ...known, count: known.count + points.count })
    this.#points.set(run, sequences)
    this.#put(`points ${run}`, { topic: "points", run, sequences: [] })
  }

  /** At the end, whether it was there before or not. */
  #put(key: string, change: Change): void {
    if (!this.#changes.delete(key)) this.#size++
    this.#changes.set(key, change)
  }
}
