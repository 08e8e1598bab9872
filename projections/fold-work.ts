/**
 * What there is to fold, shared among several. A partition is taken by one at a time, for a stretch of it; how far it is folded
 * the store knows, so whoever takes it next goes on where the last one was.
 */
import { type Partition, partitionName, type Starts } from "../domain/ports/event-log.ts"
import type { Position } from "../events/index.ts"

/** What one has taken. */
export interface Taken extends Partition {
  readonly part: number
  /** Where the stretch ends. */
  readonly until: number
}

interface Part extends Partition {
  /** The offset after the last to be folded. */
  readonly end: number
  /** How much of it is folded before another may take it. */
  readonly stretch: number
  /** The offset folded next. */
  next: number
  isTaken: boolean
}

/** A partition is given back after an eighth of it, so that none is left over for one folder at the end; but not for little. */
const stretches = 8
const leastStretch = 5_000

export class FoldWork {
  readonly #parts: readonly Part[]

  /** What is left of each partition between where its fold stands and its end. */
  constructor(from: Starts, ends: readonly Position[], least = leastStretch) {
    this.#parts = ends.map(({ topic, partition, offset: end }) => {
      const next = from.get(partitionName({ topic, partition })) ?? 0
      return { topic, partition, end, next, stretch: Math.max(least, Math.ceil((end - next) / stretches)), isTaken: false }
    })
  }

  /** How many events are left to fold. */
  get left(): number {
    return this.#parts.reduce((sum, part) => sum + leftIn(part), 0)
  }

  /** How many partitions have something left. */
  get partsLeft(): number {
    return this.#parts.filter((part) => leftIn(part) > 0).length
  }

  /** Whether anybody is at work. */
  get isAnyTaken(): boolean {
    return this.#parts.some(({ isTaken }) => isTaken)
  }

  /** Takes the partition with most left that nobody has; undefined where there is none. */
  take(): Taken | undefined {
    let most: Part | undefined
    for (const part of this.#parts) if (!part.isTaken && leftIn(part) > (most === undefined ? 0 : leftIn(most))) most = part
    if (most === undefined) return undefined
    most.isTaken = true
    const { topic, partition, end, next, stretch } = most
    return { topic, partition, part: this.#parts.indexOf(most), until: Math.min(end, next + stretch) }
  }

  /** Gives it back, folded up to an offset; infinity where nobody is to try it again. */
  giveBack(part: number, folded: number): void {
    const given = this.#parts[part]
    if (given !== undefined) Object.assign(given, { next: folded, isTaken: false })
  }
}

const leftIn = ({ end, next }: Part): number => Math.max(0, end - next)
