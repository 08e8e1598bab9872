/** Series cut into buckets of one grid: what a chart of any width needs of a series of any length. */
import type { Rows } from "./rows.ts"
import type { MetricColumns } from "./metric-read.ts"
import type { SequenceId } from "./traces.ts"

/** What series are laid along: steps, epochs, Unix seconds, or seconds since the series' first point. */
export const axes = ["step", "epoch", "time", "relative"] as const
export type Axis = (typeof axes)[number]

/** From one x to another, both included. */
export interface Extent {
  readonly from: number
  readonly to: number
}

/** An extent in `buckets` parts of equal width; each holds its lower bound, the last one its upper bound too. */
export interface Grid extends Extent {
  readonly buckets: number
}

/** One value for each bucket. NaN values count, but are left out of min, max and mean; those are NaN where no value is left. */
export interface BucketColumns {
  readonly min: Float64Array
  readonly max: Float64Array
  readonly mean: Float64Array
  /** The value at the bucket's highest step; NaN where it has none. */
  readonly last: Float64Array
  readonly count: Float64Array
}

/** The column that an axis needs beside steps and values. */
export const columnsOfAxis = (axis: Axis): readonly ("epochs" | "times")[] =>
  axis === "step" ? [] : axis === "epoch" ? ["epochs"] : ["times"]

/** The x of each point, NaN for one without an epoch; `begin` is the time of the series' first point, in Unix seconds. */
export const alongAxis = (axis: Axis, { steps, epochs, times }: MetricColumns, begin: number): Float64Array => {
  if (axis === "step") return steps
  if (axis === "epoch") return epochs
  return axis === "time" ? times : times.map((time) => time - begin)
}

/** From the least to the greatest x; null where there is none. */
export const extentOf = (xs: Float64Array): Extent | null => {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i]!
    if (x < from) from = x
    if (x > to) to = x
  }
  return from <= to ? { from, to } : null
}

/** What holds all of some extents; null where there is none. */
export const union = (extents: readonly (Extent | null)[]): Extent | null =>
  extents.reduce(
    (a, b) => (a === null || b === null ? (a ?? b) : { from: Math.min(a.from, b.from), to: Math.max(a.to, b.to) }),
    null,
  )

/** A metric's first step, which is the key of its first block. */
export const firstStepOf = async (rows: Rows, run: string, { contextId, name }: SequenceId): Promise<number | null> => {
  const [first] = await rows.under("runs", [run, "seqs", contextId, name, "step"], { limit: 1 })
  return first === undefined ? null : Number(first.rest[0])
}

/**
 * Fills the buckets of a series, piece by piece. Points outside the grid are in none; `x` is in bucket
 * ⌊(x - from) · buckets / (to - from)⌋.
 *
 * Every value is looked at: a block's stored extremes would tell min and max where it lies in one bucket, but no mean, and
 * what takes time is reading the block at all.
 */
export class BucketFilling {
  readonly #grid: Grid
  readonly #columns: BucketColumns
  /** How many values of each bucket are not NaN; `mean` holds their sum until the end. */
  readonly #known: Float64Array

  constructor(grid: Grid) {
    const { buckets } = grid
    this.#grid = grid
    this.#known = new Float64Array(buckets)
    this.#columns = {
      min: new Float64Array(buckets).fill(Number.NaN),
      max: new Float64Array(buckets).fill(Number.NaN),
      mean: new Float64Array(buckets),
      last: new Float64Array(buckets).fill(Number.NaN),
      count: new Float64Array(buckets),
    }
  }

  /** Adds points, by ascending step, to those before. */
  add(xs: Float64Array, values: Float64Array): this {
    const { from, to, buckets } = this.#grid
    const { min, max, mean, last, count } = this.#columns
    const span = to - from
    for (let i = 0; i < xs.length; i++) {
      const x = xs[i]!
      if (!(x >= from && x <= to)) continue
      const bucket = span > 0 ? Math.min(buckets - 1, Math.floor(((x - from) * buckets) / span)) : 0
      const value = values[i]!
      count[bucket]!++
      last[bucket] = value
      if (Number.isNaN(value)) continue
      mean[bucket]! += value
      // Written so that the first value takes the place of NaN.
      if (!(min[bucket]! <= value)) min[bucket] = value
      if (!(max[bucket]! >= value)) max[bucket] = value
      this.#known[bucket]!++
    }
    return this
  }

  /** The buckets; to be called once, when all points were added. */
  take(): BucketColumns {
    const { min, max, mean } = this.#columns
    for (let i = 0; i < mean.length; i++) mean[i] = meanOf(mean[i]!, this.#known[i]!, min[i]!, max[i]!)
    return this.#columns
  }
}

/** Kept between the extremes, where rounding, or a sum beyond what a double holds, would take it out of them. */
const meanOf = (sum: number, known: number, min: number, max: number): number =>
  known === 0 ? Number.NaN : Math.min(max, Math.max(min, sum / known))
