/** Which records and items of object sequences are shown. */
import type { FastifyRequest } from "fastify"
import { sampleIndices, sampleSteps } from "../../domain/sampling.ts"
import { type ObjectRecord, objectSteps, readObjects } from "../../projections/object-read.ts"
import type { Rows } from "../../projections/rows.ts"
import type { TraceView } from "../../projections/run-view.ts"
import * as parameters from "./api-parameters.ts"
import { sealBlobUri } from "./blob-uri.ts"
import type { ObjectKind } from "./object-kinds.ts"
import type { StepRange } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

/** A density of 0 or less shows all. */
export interface Window {
  readonly records: StepRange
  readonly recordDensity: number
  readonly items: StepRange
  readonly itemDensity: number
}

export const windowIn = (request: FastifyRequest): Window => ({
  records: parameters.recordRange.read(request),
  recordDensity: parameters.recordDensity.read(request),
  ...itemWindowIn(request),
})

export const itemWindowIn = (request: FastifyRequest): Pick<Window, "items" | "itemDensity"> => ({
  items: parameters.indexRange.read(request),
  itemDensity: parameters.indexDensity.read(request),
})

/** What is shown of a sequence, and between which steps it lies; null where it has none. */
export interface Shown {
  readonly records: readonly ObjectRecord[]
  readonly first: number
  readonly last: number
}

export const shownRecords = async (rows: Rows, run: string, trace: TraceView, window: Window): Promise<Shown | null> => {
  const steps = await objectSteps(rows, run, trace)
  const [first, last] = [steps[0], steps.at(-1)]
  if (first === undefined || last === undefined) return null
  const { start, stop } = window.records
  const within = steps.filter((step) => (start === null || step >= start) && (stop === null || step < stop))
  const chosen = sampleSteps(within, window.recordDensity, "records").map((i) => within[i]!)
  return { records: await readObjects(rows, run, trace, chosen), first, last }
}

/** The items of a record: one tree where the kind has one for each step, else a list; each names its own position. */
export const itemTrees = (
  kind: ObjectKind,
  { run, trace, secret }: { readonly run: string; readonly trace: TraceView; readonly secret: string },
  record: ObjectRecord,
  { items, itemDensity }: Pick<Window, "items" | "itemDensity">,
): readonly Tree[] => {
  const { step } = record
  const treeAt = (index: number): Tree => {
    const uri = () => sealBlobUri({ runId: run, contextId: trace.contextId, name: trace.name, step, index }, secret)
    return kind.tree(record.items[index]!, { index, uri })
  }
  if (!kind.isList) return record.items.length === 0 ? [] : [treeAt(0)]
  const from = Math.max(0, items.start ?? 0)
  const to = Math.min(record.items.length, items.stop ?? record.items.length)
  return sampleIndices(Math.max(0, to - from), itemDensity).map((i) => treeAt(from + i))
}

/** The range that was asked for, where a bound is left out that of the whole. */
export const usedRange = ({ start, stop }: StepRange, [first, end]: readonly [number, number]): Tree => [
  start ?? first,
  stop ?? end,
]
