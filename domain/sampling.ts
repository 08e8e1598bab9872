/** Which of many points or items to show: the documented sampling rule, to the same points the reference picks. */

/** `records` for the density of any sequence; `metrics` for the points of a metric search, which has a rule for 128 and more. */
export type SamplingMode = "records" | "metrics"

/** A half-open range `[start, stop)` of step numbers or item indices; undefined where it is open. */
export interface Range {
  readonly start: number | undefined
  readonly stop: number | undefined
}

/** A range that cannot be read; `part` is what stands where an integer should. */
export interface InvalidRange {
  readonly _tag: "InvalidRange"
  readonly text: string
  readonly part: string
}

const bucketsFrom = 128

/**
 * The indices, ascending, of about `n` of the ascending `steps`. A density of 0 or less asks for all of them.
 * Takes O(n log m) for m steps, and O(m) where `n` is more than that.
 */
export const sampleSteps = (steps: ArrayLike<number>, n: number, mode: SamplingMode): readonly number[] => {
  if (steps.length === 0) return []
  if (n <= 0 && mode === "records") return everyIndex(steps.length)
  if (n <= 1 || steps.length === 1) return [0]
  if (n >= bucketsFrom && mode === "metrics") return firstOfBuckets(steps, n)
  if (n >= steps.length) return everyIndex(steps.length)
  const indices = nearestAbove(steps, n)
  return indices.length < n ? evenIndices(steps.length, n) : indices
}

/** The indices of `density` of `length` items, evenly spaced; all for a density of 0 or less. */
export const sampleIndices = (length: number, density: number): readonly number[] => {
  if (length === 0) return []
  if (density <= 0) return everyIndex(length)
  if (density === 1) return [0]
  if (density >= length) return everyIndex(length)
  const stride = (length - 1) / (density - 1)
  return ascendingOnce(density, (i) => roundHalfEven(i * stride))
}

/** Reads `start:stop`, each part optional; text without a colon is the whole range. */
export const parseRange = (text: string): Range | InvalidRange => {
  const colon = text.indexOf(":")
  if (colon < 0) return { start: undefined, stop: undefined }
  const parts = [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
  const invalid = parts.find((part) => part !== "" && !isInteger(part))
  if (invalid !== undefined) return { _tag: "InvalidRange", text, part: invalid }
  const [start, stop] = parts.map((part) => (part === "" ? undefined : Number(part) + 0))
  return { start, stop }
}

/** Rounds to the nearest integer, a half to the even one, as Python's `round` does. */
export const roundHalfEven = (value: number): number => {
  const below = Math.floor(value)
  const above = value - below
  if (above !== 0.5) return above < 0.5 ? below : below + 1
  return below % 2 === 0 ? below : below + 1
}

const isInteger = (text: string): boolean => /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))

/** The first step at or above each of `n` evenly spaced targets. */
const nearestAbove = (steps: ArrayLike<number>, n: number): readonly number[] => {
  const first = Number(steps[0])
  const span = Number(steps[steps.length - 1]) - first
  const indices: number[] = []
  let index = 0
  for (let i = 0; i < n; i += 1) {
    const target = first + roundHalfEven((i * span) / (n - 1))
    index = firstWhere(index, steps.length, (j) => Number(steps[j]) >= target)
    if (index < steps.length && index !== indices.at(-1)) indices.push(index)
  }
  return indices
}

/** First and last, and between them the first step of each of `n - 2` equal buckets that is not empty. */
const firstOfBuckets = (steps: ArrayLike<number>, n: number): readonly number[] => {
  const last = steps.length - 1
  const first = Number(steps[0])
  const width = Math.max(1, Number(steps[last]) - first - 1)
  const bucketOf = (index: number): number => Math.min(n - 3, Math.floor(((Number(steps[index]) - first - 1) * (n - 2)) / width))
  const indices = [0]
  for (let index = 1; index < last;) {
    indices.push(index)
    const bucket = bucketOf(index)
    index = firstWhere(index + 1, last, (j) => bucketOf(j) > bucket)
  }
  indices.push(last)
  return indices
}

const evenIndices = (length: number, n: number): readonly number[] =>
  ascendingOnce(n, (i) => roundHalfEven((i * (length - 1)) / (n - 1)))

const everyIndex = (length: number): readonly number[] => Array.from({ length }, (_, index) => index)

const ascendingOnce = (count: number, index: (i: number) => number): readonly number[] =>
  Array.from({ length: count }, (_, i) => index(i)).filter((one, i, all) => one !== all[i - 1])

/** The least index in `[low, high)` that fulfils a condition which holds from some index on; `high` where none does. */
const firstWhere = (low: number, high: number, holds: (index: number) => boolean): number => {
  let from = low
  let to = high
  while (from < to) {
    const middle = (from + to) >>> 1
    if (holds(middle)) to = middle
    else from = middle + 1
  }
  return from
}
