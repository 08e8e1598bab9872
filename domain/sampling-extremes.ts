/** A choice of points that hides nothing: even steps, moved to the extremes of what they stand for where those stick out. */
import { sampleSteps, type SamplingMode } from "./sampling.ts"

/**
 * The indices, ascending, of at most `n` of a series' points: all where there are no more than that (or, for `records`, none
 * asked for fewer: `n` ≤ 0); otherwise the even choice of {@link sampleSteps}, whose first and last are the series'.
 *
 * The points between are taken in pairs, each standing for the points up to the next pair. A pair whose values, with the
 * point after it, reach as far down and up as all it stands for is kept; else one of it moves to the extreme that it
 * misses, or both do. So a line through the choice spans, in every such stretch, all values of the series, and a series
 * that only rises or falls keeps the even choice; with `n` ≥ 4 the series' least and greatest value are always among the
 * chosen. NaN is no extreme, infinities are. Takes O(steps).
 */
export const samplePoints = (
  steps: ArrayLike<number>,
  values: Float64Array,
  n: number,
  mode: SamplingMode,
): readonly number[] => {
  if (steps.length <= n) return everyIndex(steps.length)
  const even = sampleSteps(steps, n, mode)
  return even.length < 3 || even.length === steps.length ? even : withExtremes(values, even)
}

const withExtremes = (values: Float64Array, even: readonly number[]): readonly number[] => {
  const last = even.length - 1
  const chosen = [even[last]!]
  // From the end, since a stretch is judged with the point that follows it.
  for (let to = last; to > 1;) {
    const from = startOfGroup(to, last)
    // The first stretch begins before its first point, right after the series' first.
    const begin = from === 1 ? 1 : even[from]!
    const beside = from === 1 ? [chosen.at(-1)!, 0] : [chosen.at(-1)!]
    const group = even.slice(from, to)
    const stretch = extremesOf(values, begin, even[to]!)
    const kept = stretch === null ? group : reaching(values, group, stretch, beside)
    for (let i = kept.length - 1; i >= 0; i--) chosen.push(kept[i]!)
    to = from
  }
  chosen.push(even[0]!)
  return chosen.reverse()
}

/** Where the group begins that ends before `to`: two points, in the last group three where their number is odd. */
const startOfGroup = (to: number, last: number): number => Math.max(1, to === last && last % 2 === 0 ? to - 3 : to - 2)

interface Extremes {
  readonly low: number
  readonly high: number
}

/** Where the least and the greatest value of `[begin, end)` are; null where all are NaN. */
const extremesOf = (values: Float64Array, begin: number, end: number): Extremes | null => {
  let low = -1
  let high = -1
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  for (let i = begin; i < end; i++) {
    const value = values[i]!
    if (value < least || (low < 0 && value === least)) {
      low = i
      least = value
    }
    if (value > greatest || (high < 0 && value === greatest)) {
      high = i
      greatest = value
    }
  }
  return low < 0 ? null : { low, high }
}

/** The group, moved as little as it takes to reach both extremes. */
const reaching = (
  values: Float64Array,
  group: readonly number[],
  extremes: Extremes,
  beside: readonly number[],
): readonly number[] => {
  const { low, high } = extremes
  if (reaches(values, [...group, ...beside], extremes)) return group
  for (const extreme of [low, high])
    for (let i = 0; i < group.length; i++) {
      const moved = group.with(i, extreme)
      if (reaches(values, [...moved, ...beside], extremes)) return ascendingOnce(moved)
    }
  return group.length > 1 ? ascendingOnce([low, high]) : [farther(values, extremes)]
}

/** Whether the points go as far down and up as the extremes. */
const reaches = (values: Float64Array, points: readonly number[], { low, high }: Extremes): boolean => {
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  for (const point of points) {
    const value = values[point]!
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  return least <= values[low]! && greatest >= values[high]!
}

/** Where there is room for one of the two: the one that is farther beyond the first and the last point. */
const farther = (values: Float64Array, { low, high }: Extremes): number => {
  const [first, last] = [values[0]!, values[values.length - 1]!]
  return Math.min(first, last) - values[low]! > values[high]! - Math.max(first, last) ? low : high
}

const ascendingOnce = (points: readonly number[]): readonly number[] => [...new Set(points)].sort((a, b) => a - b)

/** A plain loop: long series are often asked for whole. */
const everyIndex = (length: number): readonly number[] => {
  const indices: number[] = []
  for (let index = 0; index < length; index++) indices.push(index)
  return indices
}
