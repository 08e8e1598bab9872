/** Histograms of weights, gradients and the like. */
import type { Logbook } from "../logbook.ts"
import { type ObjectOptions, objectMessage } from "./object.ts"

/** How many values fell into each of some bins of equal width from `range[0]` to `range[1]`. */
export interface Histogram {
  readonly counts: ArrayLike<number>
  readonly range: readonly [number, number]
}

/** How values are counted, and where the histogram stands. */
export interface DistributionOptions extends ObjectOptions {
  /** Bins that values are counted in: 64 unless told, at most 512. */
  readonly bins?: number
}

/** Most bins that readers take. */
const mostBins = 512

/** Logs values, or a histogram, that are held (`hold.ts`). */
export const logDistribution = (book: Logbook, name: string, held: unknown, options: DistributionOptions): void => {
  if (typeof held !== "object" || held === null) throw new Error("it is no list of numbers and no histogram")
  const values = held as ArrayLike<number> | Iterable<number> | Histogram
  const made = "counts" in values ? values : histogram("length" in values ? values : [...values], options.bins)
  if (made === null) throw new Error("it has no finite value")
  const data = Array.from(made.counts, Number)
  const problem = histogramProblem(data, made.range)
  if (problem !== null) throw new Error(problem)
  const value = { type: "distribution", bin_count: data.length, range: made.range, data }
  book.message(objectMessage("distribution", name, value, options))
}

/**
 * Counts values in bins of equal width between the least and the greatest of them, as `numpy.histogram` does: each bin holds
 * its lower edge, and the last one its upper edge too. Equal values lie in the midst of a range of width 1. Values that are
 * not finite are left out; null where nothing is left.
 */
export const histogram = (values: ArrayLike<number>, bins = 64): Histogram | null => {
  let low = Infinity
  let high = -Infinity
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return null
  const range: [number, number] = low === high ? [low - 0.5, high + 0.5] : [low, high]
  return { counts: countsIn(values, range, Math.max(1, Math.min(mostBins, Math.floor(bins) || 1))), range }
}

const countsIn = (values: ArrayLike<number>, [low, high]: readonly [number, number], bins: number): Float64Array => {
  const counts = new Float64Array(bins)
  // Halves, since the width of a range may be more than a number holds.
  const width = high / 2 - low / 2
  for (let i = 0; i < values.length; i++) {
    const share = (values[i]! / 2 - low / 2) / width
    // The width is 0 where 0.5 is too little to tell two such numbers apart.
    if (Number.isFinite(values[i]!)) counts[Math.min(bins - 1, Math.floor(share * bins) || 0)]!++
  }
  return counts
}

const histogramProblem = (counts: readonly number[], [low, high]: readonly [number, number]): string | null => {
  if (counts.length === 0 || counts.length > mostBins) return `it has ${counts.length} bins; 1 to ${mostBins} are kept`
  if (!Number.isFinite(low) || !Number.isFinite(high) || low > high) return "its range is not from a lower to a higher number"
  return counts.every((count) => Number.isFinite(count) && count >= 0) ? null : "it has counts that are no numbers from 0"
}
