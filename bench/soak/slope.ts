/** The slope of a cloud of points that a few wild ones do not bend. */

export interface Slope {
  readonly perHour: number
  /** Ninety-five percent of such clouds have their slope between these. */
  readonly low: number
  readonly high: number
}

interface Point {
  readonly at: number
  readonly value: number
}

/**
 * Theil and Sen: the median of the slopes of all pairs; its interval by the variance of Kendall's statistic,
 * n(n-1)(2n+5)/18 (P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968). `at` is in seconds.
 */
export const slopeOf = (points: readonly Point[]): Slope => {
  const slopes: number[] = []
  for (const [i, a] of points.entries())
    for (const b of points.slice(i + 1)) if (b.at > a.at) slopes.push(((b.value - a.value) * 3_600) / (b.at - a.at))
  slopes.sort((a, b) => a - b)
  const n = points.length
  const spread = 1.96 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = (rank: number): number => slopes[Math.max(0, Math.min(slopes.length - 1, Math.round(rank)))] ?? 0
  return { perHour: at((slopes.length - 1) / 2), low: at((slopes.length - spread) / 2), high: at((slopes.length + spread) / 2) }
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
