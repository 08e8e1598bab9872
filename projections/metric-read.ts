/** Reads the points of a metric: all, those between two steps, or a choice of them. */
import type { Below, Rows } from "./rows.ts"
import { decodeEpochs, decodeSteps, decodeTimes, decodeValues } from "./sequence-block.ts"
import { CorruptBlock } from "./sequence-integers.ts"
import type { SequenceId } from "./traces.ts"

/** Points by ascending step, a column each; all columns that were asked for have one length. */
export interface MetricColumns {
  readonly steps: Float64Array
  readonly values: Float64Array
  /** NaN for a point without one. */
  readonly epochs: Float64Array
  /** Unix seconds. */
  readonly times: Float64Array
}

export interface MetricReadOptions {
  /** The first step, included; from the first one by default. */
  readonly from?: number | undefined
  /** The end, excluded; to the last step by default. */
  readonly to?: number | undefined
  /** Which positions of these ascending steps to read, ascending; all by default. */
  readonly choose?: (steps: Float64Array) => ArrayLike<number>
  /** Leaves epochs and times empty. */
  readonly valuesOnly?: boolean
}

/** The points of a metric; none where there is no such metric. Throws {@link CorruptBlock}. */
export const readMetric = async (
  rows: Rows,
  run: string,
  id: SequenceId,
  options: MetricReadOptions = {},
): Promise<MetricColumns> => {
  const blocks = await blocksOf(rows, run, id, options)
  const steps = joined(blocks)
  const low = options.from === undefined ? 0 : positionOf(steps, options.from)
  const high = options.to === undefined ? steps.length : positionOf(steps, options.to)
  const within = steps.subarray(low, high)
  const chosen = options.choose?.(within) ?? null
  const result = columnsOf(chosen?.length ?? within.length, options.valuesOnly === true)
  const parts = partsOf(blocks, low, high, chosen)
  const stored = await storedColumns(rows, run, id, parts, blocks.length, options.valuesOnly === true)
  for (const part of parts) copy(part, stored, result)
  return result
}

interface Block {
  /** The first step, which is its key. */
  readonly first: number
  readonly steps: Float64Array
}

/** What is wanted of one block, and where it goes. */
interface Part {
  readonly block: Block
  /** Where its points begin in the result. */
  readonly at: number
  /** Positions within the block: from `begin`, `count` of them, or those that are listed. */
  readonly begin: number
  readonly count: number
  readonly positions: readonly number[] | null
}

const names = ["val", "time", "epoch"] as const
type ColumnName = (typeof names)[number]
type StoredColumns = Readonly<Record<ColumnName, ReadonlyMap<number, Uint8Array>>>

const keyOf = (run: string, id: SequenceId, column: ColumnName | "step") => [run, "seqs", id.contextId, id.name, column] as const

/** The blocks that may hold steps of the range: those that begin in it, and the one that begins before. */
const blocksOf = async (rows: Rows, run: string, id: SequenceId, { from, to }: MetricReadOptions): Promise<readonly Block[]> => {
  const key = keyOf(run, id, "step")
  const before = from === undefined ? [] : await rows.between("runs", key, [], [from], { reverse: true, limit: 1 })
  const inside = await rows.between("runs", key, from === undefined ? [] : [from], to === undefined ? null : [to])
  return [...before, ...inside].map(({ rest, bytes }) => ({ first: Number(rest[0]), steps: decodeSteps(bytes) }))
}

const joined = (blocks: readonly Block[]): Float64Array => {
  if (blocks.length === 1) return blocks[0]!.steps
  const steps = new Float64Array(blocks.reduce((sum, block) => sum + block.steps.length, 0))
  let at = 0
  for (const block of blocks) {
    steps.set(block.steps, at)
    at += block.steps.length
  }
  return steps
}

/** The position of the first step that is not below `step`. */
const positionOf = (steps: Float64Array, step: number): number => {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (steps[middle]! < step) low = middle + 1
    else high = middle
  }
  return low
}

const columnsOf = (length: number, valuesOnly: boolean): MetricColumns => ({
  steps: new Float64Array(length),
  values: new Float64Array(length),
  epochs: new Float64Array(valuesOnly ? 0 : length).fill(Number.NaN),
  times: new Float64Array(valuesOnly ? 0 : length),
})

/** Shares what is wanted of `[low, high)` out to the blocks; `chosen` counts from `low`. Blocks without any are left out. */
const partsOf = (blocks: readonly Block[], low: number, high: number, chosen: ArrayLike<number> | null): readonly Part[] => {
  const parts: Part[] = []
  let start = 0
  let at = 0
  for (const block of blocks) {
    const end = start + block.steps.length
    const begin = Math.max(low, start) - start
    if (chosen === null) {
      const count = Math.max(0, Math.min(high, end) - start - begin)
      if (count > 0) parts.push({ block, at, begin, count, positions: null })
      at += Math.max(0, count)
    } else {
      const positions: number[] = []
      const first = at
      for (; at < chosen.length && chosen[at]! + low < end; at++) positions.push(chosen[at]! + low - start)
      if (positions.length > 0) parts.push({ block, at: first, begin, count: positions.length, positions })
    }
    start = end
  }
  return parts
}

const storedColumns = async (
  rows: Rows,
  run: string,
  id: SequenceId,
  parts: readonly Part[],
  blocks: number,
  valuesOnly: boolean,
): Promise<StoredColumns> => {
  const read = async (column: ColumnName): Promise<ReadonlyMap<number, Uint8Array>> => {
    const first = parts[0]
    const last = parts.at(-1)
    if (first === undefined || last === undefined || (valuesOnly && column !== "val")) return new Map()
    const key = keyOf(run, id, column)
    // Reading on is cheaper than looking for each block, unless most of the column is not wanted.
    if (parts.length * 3 >= blocks)
      return byFirstStep(await rows.between("runs", key, [first.block.first], [last.block.first + 1]))
    const found = await Promise.all(
      parts.map(async ({ block }) => [block.first, await rows.bytes("runs", [...key, block.first])] as const),
    )
    return new Map(found.flatMap(([step, bytes]) => (bytes === undefined ? [] : [[step, bytes] as const])))
  }
  const [val, time, epoch] = await Promise.all([read("val"), read("time"), read("epoch")])
  return { val, time, epoch }
}

const byFirstStep = (rows: readonly Below[]): ReadonlyMap<number, Uint8Array> =>
  new Map(rows.map(({ rest, bytes }) => [Number(rest[0]), bytes]))

const copy = (part: Part, stored: StoredColumns, into: MetricColumns): void => {
  const { first, steps } = part.block
  const val = stored.val.get(first)
  if (val === undefined) throw new CorruptBlock("a block of points lacks a column")
  place(steps, part, into.steps)
  place(fitting(decodeValues(val), steps), part, into.values)
  if (into.times.length === 0) return
  const time = stored.time.get(first)
  if (time === undefined) throw new CorruptBlock("a block of points lacks a column")
  place(fitting(decodeTimes(time), steps), part, into.times)
  for (let i = part.at; i < part.at + part.count; i++) into.times[i] = into.times[i]! / 1e6
  const epoch = stored.epoch.get(first)
  if (epoch !== undefined) place(fitting(decodeEpochs(epoch), steps), part, into.epochs)
}

const fitting = (column: Float64Array, steps: Float64Array): Float64Array => {
  if (column.length !== steps.length) throw new CorruptBlock("the columns of a block differ in length")
  return column
}

const place = (from: Float64Array, { at, begin, count, positions }: Part, into: Float64Array): void => {
  if (positions === null) into.set(from.subarray(begin, begin + count), at)
  else for (let i = 0; i < count; i++) into[at + i] = from[positions[i]!]!
}
