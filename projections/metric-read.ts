/** Reads the points of a metric: all, those between two steps, or a choice of them. */
import type { Below, Rows } from "./rows.ts"
import { decodeEpochs, decodeSteps, decodeTimes, decodeValues } from "./sequence-block.ts"
import { CorruptBlock } from "./sequence-integers.ts"
import type { SequenceId } from "./traces.ts"

/** Points by ascending step, a column each; all columns that were asked for have one length, the others are empty. */
export interface MetricColumns {
  readonly steps: Float64Array
  readonly values: Float64Array
  /** NaN for a point without one. */
  readonly epochs: Float64Array
  /** Unix seconds. */
  readonly times: Float64Array
}

/** The columns that are read beside steps and values. */
export type MoreColumns = readonly ("epochs" | "times")[]

export interface MetricReadOptions {
  /** The first step, included; from the first one by default. */
  readonly from?: number | undefined
  /** The end, excluded; to the last step by default. */
  readonly to?: number | undefined
  /** Which positions of these points to read, ascending; all by default. */
  readonly choose?: (steps: Float64Array, values: Float64Array) => ArrayLike<number>
  /** Both by default. */
  readonly more?: MoreColumns
  /** Ends after so many blocks of up to 1,024 points, of which at least one begins at or after `from`. */
  readonly mostBlocks?: number
}

/** The points of a metric; none where there is no such metric. Throws {@link CorruptBlock}. */
export const readMetric = async (
  rows: Rows,
  run: string,
  id: SequenceId,
  options: MetricReadOptions = {},
): Promise<MetricColumns> => {
  const [stepRows, valueRows] = await Promise.all([
    rangeOf(rows, keyOf(run, id, "step"), options),
    rangeOf(rows, keyOf(run, id, "val"), options),
  ])
  const { blocks, steps } = blocksOf(stepRows)
  const values = valuesOf(blocks, valueRows, steps.length)
  const low = options.from === undefined ? 0 : positionOf(steps, options.from)
  const high = options.to === undefined ? steps.length : positionOf(steps, options.to)
  const within = { steps: steps.subarray(low, high), values: values.subarray(low, high) }
  const choice = options.choose?.(within.steps, within.values)
  const chosen = choice === undefined || choice.length === within.steps.length ? null : choice
  const parts = partsOf(blocks, low, high, chosen)
  const count = chosen?.length ?? within.steps.length
  const more = async (column: "epoch" | "time", empty: number): Promise<Float64Array> => {
    if (options.more?.includes(`${column}s`) === false) return nothing
    const into = new Float64Array(count).fill(empty)
    const stored = await storedBlocks(rows, keyOf(run, id, column), parts, blocks.length)
    for (const part of parts) copy(column, part, stored.get(part.block.first), into)
    return into
  }
  const [epochs, times] = await Promise.all([more("epoch", Number.NaN), more("time", 0)])
  return chosen === null ? { ...within, epochs, times } : { ...chosenOf(within, chosen), epochs, times }
}

interface Block {
  /** The first step, which is its key. */
  readonly first: number
  /** The position of its first point. */
  readonly start: number
  readonly count: number
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

type ColumnName = "val" | "step" | "time" | "epoch"
type ColumnKey = readonly [string, "seqs", number, string, ColumnName]

const nothing = new Float64Array(0)

const keyOf = (run: string, id: SequenceId, column: ColumnName): ColumnKey => [run, "seqs", id.contextId, id.name, column]

/** The blocks that may hold steps of the range: those that begin in it, and the one that begins before. */
const rangeOf = async (rows: Rows, key: ColumnKey, { from, to, mostBlocks }: MetricReadOptions): Promise<readonly Below[]> => {
  const before = from === undefined ? [] : await rows.between("runs", key, [], [from], { reverse: true, limit: 1 })
  const limit = mostBlocks === undefined ? {} : { limit: mostBlocks }
  const inside = await rows.between("runs", key, from === undefined ? [] : [from], to === undefined ? null : [to], limit)
  return before.length === 0 ? inside : [...before, ...inside]
}

const blocksOf = (stored: readonly Below[]): { readonly blocks: readonly Block[]; readonly steps: Float64Array } => {
  const blocks: Block[] = []
  const columns: Float64Array[] = []
  let start = 0
  for (const { rest, bytes } of stored) {
    const column = decodeSteps(bytes)
    columns.push(column)
    blocks.push({ first: Number(rest[0]), start, count: column.length })
    start += column.length
  }
  const steps = columns.length === 1 ? columns[0]! : new Float64Array(start)
  if (columns.length > 1) for (const [i, column] of columns.entries()) steps.set(column, blocks[i]!.start)
  return { blocks, steps }
}

const valuesOf = (blocks: readonly Block[], stored: readonly Below[], length: number): Float64Array => {
  if (stored.length !== blocks.length) throw lacksColumn()
  const values = new Float64Array(length)
  for (const [i, { rest, bytes }] of stored.entries()) {
    const { first, start, count } = blocks[i]!
    if (Number(rest[0]) !== first) throw lacksColumn()
    values.set(fitting(decodeValues(bytes), count), start)
  }
  return values
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

const chosenOf = ({ steps, values }: Pick<MetricColumns, "steps" | "values">, chosen: ArrayLike<number>) => {
  const picked = { steps: new Float64Array(chosen.length), values: new Float64Array(chosen.length) }
  for (let i = 0; i < chosen.length; i++) {
    picked.steps[i] = steps[chosen[i]!]!
    picked.values[i] = values[chosen[i]!]!
  }
  return picked
}

/** Shares what is wanted of `[low, high)` out to the blocks; `chosen` counts from `low`. Blocks without any are left out. */
const partsOf = (blocks: readonly Block[], low: number, high: number, chosen: ArrayLike<number> | null): readonly Part[] => {
  const parts: Part[] = []
  let at = 0
  for (const block of blocks) {
    const end = block.start + block.count
    const begin = Math.max(low, block.start) - block.start
    const first = at
    if (chosen === null) {
      const count = Math.max(0, Math.min(high, end) - block.start - begin)
      if (count > 0) parts.push({ block, at, begin, count, positions: null })
      at += count
    } else {
      const positions: number[] = []
      for (; at < chosen.length && chosen[at]! + low < end; at++) positions.push(chosen[at]! + low - block.start)
      if (positions.length > 0) parts.push({ block, at: first, begin, count: positions.length, positions })
    }
  }
  return parts
}

/** The stored blocks of a column that are wanted, by their first steps. */
const storedBlocks = async (
  rows: Rows,
  key: ColumnKey,
  parts: readonly Part[],
  blocks: number,
): Promise<ReadonlyMap<number, Uint8Array>> => {
  const first = parts[0]
  const last = parts.at(-1)
  if (first === undefined || last === undefined) return new Map()
  // Reading on is cheaper than looking for each block, unless most of the column is not wanted.
  if (parts.length * 3 >= blocks) {
    const found = await rows.between("runs", key, [first.block.first], [last.block.first + 1])
    return new Map(found.map(({ rest, bytes }) => [Number(rest[0]), bytes]))
  }
  const found = await Promise.all(
    parts.map(async ({ block }) => [block.first, await rows.bytes("runs", [...key, block.first])] as const),
  )
  return new Map(found.flatMap(([step, bytes]) => (bytes === undefined ? [] : [[step, bytes] as const])))
}

/** A sequence that never had an epoch has no such column. */
const copy = (column: "epoch" | "time", part: Part, stored: Uint8Array | undefined, into: Float64Array): void => {
  if (column === "epoch") {
    if (stored !== undefined) place(fitting(decodeEpochs(stored), part.block.count), part, into)
    return
  }
  if (stored === undefined) throw lacksColumn()
  place(fitting(decodeTimes(stored), part.block.count), part, into)
  for (let i = part.at; i < part.at + part.count; i++) into[i] = into[i]! / 1e6
}

const fitting = (column: Float64Array, count: number): Float64Array => {
  if (column.length !== count) throw new CorruptBlock("the columns of a block differ in length")
  return column
}

const lacksColumn = (): CorruptBlock => new CorruptBlock("a block of points lacks a column")

const place = (from: Float64Array, { at, begin, count, positions }: Part, into: Float64Array): void => {
  if (positions === null) into.set(from.subarray(begin, begin + count), at)
  else for (let i = 0; i < count; i++) into[at + i] = from[positions[i]!]!
}
