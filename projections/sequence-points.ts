/**
 * The points of one block of a metric sequence in columns, and the rule of where a point goes.
 *
 * A step above the last of the sequence goes to the last block until that holds 512 points, then to a new block
 * ({@link appendAbove}). Any other step goes to the block with the greatest first step not above it, or below all of
 * them to the first block ({@link placeAt}); a block that has come to 1,025 points is split ({@link splitBlock}).
 */

/** A step above the last one opens a new block when the last block holds this many points; splitting keeps as many. */
export const APPEND_LIMIT = 512

/** No block at rest holds more points than this. */
export const BLOCK_LIMIT = 1024

export interface Point {
  /** A safe integer. */
  readonly step: number
  readonly value: number
  /** Microseconds since 1970, a safe integer. */
  readonly time: number
  /** A safe integer, or null where none was given. */
  readonly epoch: number | null
}

/** Points to append, in the order they were logged. `epochs` is undefined when none has one. */
export interface Columns {
  readonly steps: ArrayLike<number>
  readonly values: ArrayLike<number>
  readonly times: ArrayLike<number>
  readonly epochs?: ArrayLike<number | null> | undefined
}

/**
 * The points of one block by ascending step, each step once. The arrays may be longer than `length`: they grow by
 * doubling. `epochs` is undefined while no point has one, and holds NaN for a point without one. An integer is never
 * -0 here (hence the `+ 0` below): it would have other bytes than 0.
 */
export class Points {
  length: number
  steps: Float64Array
  values: Float64Array
  times: Float64Array
  epochs: Float64Array | undefined

  constructor(
    steps: Float64Array = new Float64Array(4),
    values: Float64Array = new Float64Array(4),
    times: Float64Array = new Float64Array(4),
    epochs?: Float64Array,
    length = 0,
  ) {
    this.length = length
    this.steps = steps
    this.values = values
    this.times = times
    this.epochs = epochs
  }

  /** The point at a position below `length`. */
  at(index: number): Point {
    if (index < 0 || index >= this.length) throw new RangeError("no point at this position")
    const epoch = this.epochs?.[index] ?? Number.NaN
    return {
      step: Number(this.steps[index]),
      value: Number(this.values[index]),
      time: Number(this.times[index]),
      epoch: Number.isNaN(epoch) ? null : epoch,
    }
  }

  get firstStep(): number | undefined {
    return this.length === 0 ? undefined : this.steps[0]
  }

  get lastStep(): number | undefined {
    return this.length === 0 ? undefined : this.steps[this.length - 1]
  }
}

/**
 * Appends the points of `columns` from position `from` on, for as long as each step is above the one before it and the
 * block holds fewer than 512. Answers the position of the first point not taken: what stops there belongs to a new
 * block when its step is above the last, else to the block {@link placeAt} is called with.
 */
export const appendAbove = (tail: Points, columns: Columns, from = 0): number => {
  const { steps, values, times, epochs } = columns
  const end = Math.min(steps.length, from + APPEND_LIMIT - tail.length)
  if (end <= from) return from
  reserve(tail, tail.length + end - from)
  let last = tail.lastStep ?? Number.NEGATIVE_INFINITY
  let next = from
  for (; next < end; next += 1) {
    const step = Number(steps[next])
    if (step <= last) break
    last = step
    const index = tail.length + next - from
    tail.steps[index] = step + 0
    tail.values[index] = Number(values[next])
    tail.times[index] = Number(times[next]) + 0
    if (epochs !== undefined) setEpoch(tail, index, epochs[next] ?? null)
    else if (tail.epochs !== undefined) tail.epochs[index] = Number.NaN
  }
  tail.length += next - from
  return next
}

/**
 * Puts a point into a block in order of steps. A point of the same step is replaced in all columns, and the value it
 * had is the answer; undefined means that the point is new. The caller looks at `firstStep` (the block's key may have
 * changed) and at `length` (it may have to be split).
 */
export const placeAt = (block: Points, point: Point): number | undefined => {
  const index = firstNotBelow(block, point.step)
  const isHeld = index < block.length && block.steps[index] === point.step
  const replaced = isHeld ? block.values[index] : undefined
  if (!isHeld) openAt(block, index)
  block.steps[index] = point.step + 0
  block.values[index] = point.value
  block.times[index] = point.time + 0
  setEpoch(block, index, point.epoch)
  return replaced
}

/** Drops the points above a step. */
export const keepTo = (block: Points, step: number): void => {
  block.length = firstNotBelow(block, step + 1)
}

/** Cuts a block of more than 1,024 points after its first 512 and answers the rest; undefined where it may stay whole. */
export const splitBlock = (block: Points): Points | undefined => {
  if (block.length <= BLOCK_LIMIT) return undefined
  const { length } = block
  const rest = new Points(
    block.steps.slice(APPEND_LIMIT, length),
    block.values.slice(APPEND_LIMIT, length),
    block.times.slice(APPEND_LIMIT, length),
    block.epochs?.slice(APPEND_LIMIT, length),
    length - APPEND_LIMIT,
  )
  block.length = APPEND_LIMIT
  return rest
}

/** The position of the first point whose step is not below `step`; `length` where there is none. */
const firstNotBelow = (block: Points, step: number): number => {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (Number(block.steps[middle]) < step) low = middle + 1
    else high = middle
  }
  return low
}

const openAt = (block: Points, index: number): void => {
  reserve(block, block.length + 1)
  block.steps.copyWithin(index + 1, index, block.length)
  block.values.copyWithin(index + 1, index, block.length)
  block.times.copyWithin(index + 1, index, block.length)
  block.epochs?.copyWithin(index + 1, index, block.length)
  block.length += 1
}

const setEpoch = (block: Points, index: number, epoch: number | null): void => {
  if (epoch !== null) block.epochs ??= new Float64Array(block.steps.length).fill(Number.NaN)
  if (block.epochs !== undefined) block.epochs[index] = (epoch ?? Number.NaN) + 0
}

/** No points, with room for as many as are appended to a block: for one that follows a full one. */
export const roomyPoints = (): Points => {
  const room = new Float64Array(3 * APPEND_LIMIT)
  const column = (i: number): Float64Array => room.subarray(i * APPEND_LIMIT, (i + 1) * APPEND_LIMIT)
  return new Points(column(0), column(1), column(2))
}

const reserve = (block: Points, length: number): void => {
  if (length <= block.steps.length) return
  const doubled = 2 * block.steps.length
  // Beyond what is appended a block grows only by points that come out of order.
  const capacity = Math.max(length, length <= APPEND_LIMIT ? Math.min(2 * doubled, APPEND_LIMIT) : doubled)
  block.steps = grown(block.steps, capacity)
  block.values = grown(block.values, capacity)
  block.times = grown(block.times, capacity)
  if (block.epochs !== undefined) block.epochs = grown(block.epochs, capacity)
}

const grown = (column: Float64Array, capacity: number): Float64Array => {
  const larger = new Float64Array(capacity)
  larger.set(column)
  return larger
}
