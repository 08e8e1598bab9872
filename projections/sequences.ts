/** Metrics: points in blocks, and what is known of all of them in their trace (decision 7). */
import { float, numberOf } from "../domain/value.ts"
import type { EventOf } from "../events/index.ts"
import type { FoldContext, Pending, RunState } from "./context.ts"
import type { Element } from "./keys.ts"
import type { Projector } from "./projector.ts"
import { blockHeader, decodeBlock, encodeBlock } from "./sequence-block.ts"
import { APPEND_LIMIT, appendAbove, type Columns, keepTo, placeAt, Points, roomyPoints, splitBlock } from "./sequence-points.ts"
import { nextStep, openTrace, type Trace } from "./traces.ts"

export const sequences = {
  PointsLogged: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    const trace = await openTrace(context, run, data, data.context, data.dtype)
    const sequence = metricSequence(context, run, trace)
    const points = columnsOf(data, sequence.lastStep)
    sequence.dtype = data.dtype
    await sequence.log(points)
  },
} satisfies Projector

/** The points of an event as columns; steps that the client left open go on from `last`. Throws `Unfoldable` where none is left. */
const columnsOf = (data: EventOf<"PointsLogged">["data"], last: number | undefined): Columns => {
  const isOpen = data.steps.length === 0
  const next = isOpen ? nextStep(last, data.values.length) : 0
  return {
    steps: isOpen ? data.values.map((_, i) => next + i) : data.steps,
    values: data.values,
    times: data.timeOffsets.map((offset) => data.firstTime + offset),
    epochs: data.epochs.length > 0 ? data.epochs : undefined,
  }
}

const metricSequence = (context: FoldContext, run: RunState, trace: Trace): MetricSequence => {
  const key = `${trace.id.contextId}/${trace.id.name}`
  const cached = run.sequences.get(key)
  if (cached instanceof MetricSequence) return cached
  const sequence = new MetricSequence(context, run.id, trace)
  run.sequences.set(key, sequence)
  return sequence
}

/** The block that points go to now, and what bounds it. */
interface Current {
  points: Points
  /** The first step under which it is stored; undefined while it is new. */
  storedAt: number | undefined
  hadEpochs: boolean
  /** The first step of the block after it. */
  readonly end: number
  /** Whether no block comes before it. */
  readonly isFirst: boolean
  changed: boolean
}

const columns = ["val", "step", "time", "epoch"] as const

export class MetricSequence implements Pending {
  dtype: string
  lastStep: number | undefined
  readonly #context: FoldContext
  readonly #trace: Trace
  readonly #seqs: readonly Element[]
  #current: Current | undefined
  #first: number
  #last: number
  #min: number
  #max: number
  #extremeLost = false

  constructor(context: FoldContext, run: string, trace: Trace) {
    this.#context = context
    this.#trace = trace
    this.#seqs = [run, "seqs", trace.id.contextId, trace.id.name]
    const number = (field: string) => numberOf(trace.fields.get(field)) ?? Number.NaN
    this.dtype = String(trace.fields.get("dtype"))
    this.lastStep = trace.lastStep
    this.#first = number("first")
    this.#last = number("last")
    this.#min = number("min")
    this.#max = number("max")
  }

  /** Folds points one by one in their order, so that how they are grouped never shows. */
  async log(points: Columns): Promise<void> {
    for (let i = 0; i < points.steps.length;) {
      const isAbove = this.lastStep === undefined || points.steps[i]! > this.lastStep
      i = isAbove ? await this.#append(points, i) : await this.#place(points, i)
    }
  }

  async flush(): Promise<void> {
    this.#store()
    if (this.#extremeLost) await this.#findExtremes()
    const last = this.lastStep
    if (last === undefined) return
    const fields = { dtype: this.dtype, last_step: last, first: this.#first, last: this.#last, min: this.#min, max: this.#max }
    for (const [field, value] of Object.entries(fields)) {
      const known = this.#trace.fields.get(field)
      const isSame = typeof value === "string" ? known === value : known !== undefined && Object.is(numberOf(known), value)
      if (!isSame) this.#trace.set(field, typeof value === "number" && field !== "last_step" ? float(value) : value)
    }
  }

  /** Drops the points above a step, of which there is one at or below, and writes what is left. */
  async cut(step: number): Promise<void> {
    const { end, ...boundary } = await this.#load(step)
    if (end !== Number.POSITIVE_INFINITY)
      for (const column of columns) this.#context.rows.clearFrom("runs", [...this.#seqs, column], [end])
    keepTo(boundary.points, step)
    this.#current = { ...boundary, end: Number.POSITIVE_INFINITY, changed: true }
    const at = boundary.points.length - 1
    this.lastStep = boundary.points.steps[at]!
    this.#last = boundary.points.values[at]!
    this.#store()
    await this.#findExtremes({ min: this.#min, max: this.#max })
    await this.flush()
  }

  async #append(points: Columns, from: number): Promise<number> {
    const current = await this.#tail()
    const next = appendAbove(current.points, points, from)
    current.changed = true
    if (this.lastStep === undefined) this.#first = points.values[from]!
    for (let i = from; i < next; i++) this.#widen(points.values[i]!)
    this.#last = points.values[next - 1]!
    this.lastStep = points.steps[next - 1]!
    return next
  }

  async #place(points: Columns, i: number): Promise<number> {
    const step = points.steps[i]!
    const value = points.values[i]!
    const current = await this.#blockOf(step)
    const replaced = placeAt(current.points, { step, value, time: points.times[i]!, epoch: points.epochs?.[i] ?? null })
    current.changed = true
    if (current.isFirst && current.points.firstStep === step) this.#first = value
    if (step === this.lastStep) this.#last = value
    if (replaced !== undefined && (replaced === this.#min || replaced === this.#max)) this.#extremeLost = true
    this.#widen(value)
    this.#split(current)
    return i + 1
  }

  #widen(value: number): void {
    // Adding 0 makes -0 plain: which of the two zeros came first must not show.
    if (!(value >= this.#min)) this.#min = Number.isNaN(value) ? this.#min : value + 0
    if (!(value <= this.#max)) this.#max = Number.isNaN(value) ? this.#max : value + 0
  }

  #split(current: Current): void {
    const rest = splitBlock(current.points)
    if (rest === undefined) return
    this.#store()
    this.#current = { points: rest, storedAt: undefined, hadEpochs: false, end: current.end, isFirst: false, changed: true }
  }

  /** The last block, or a new one where that is full or missing. */
  async #tail(): Promise<Current> {
    let current = this.#current
    if (current === undefined || current.end !== Number.POSITIVE_INFINITY) {
      this.#store()
      current = this.lastStep === undefined ? fresh(true) : await this.#load(this.lastStep)
      this.#current = current
    }
    if (current.points.length < APPEND_LIMIT) return current
    this.#store()
    return (this.#current = fresh(false))
  }

  /** The block with the greatest first step not above `step`, or the first one. */
  async #blockOf(step: number): Promise<Current> {
    const current = this.#current
    if (current !== undefined && step < current.end && (current.isFirst || step >= current.points.firstStep!)) return current
    this.#store()
    return (this.#current = await this.#load(step))
  }

  async #load(step: number): Promise<Current> {
    const { rows } = this.#context
    const val = [...this.#seqs, "val"]
    const below = await rows.between("runs", val, [], [step + 1], { reverse: true, limit: 2 })
    const found = below[0] ?? (await rows.between("runs", val, [], null, { limit: 1 }))[0]
    if (found === undefined) return fresh(true)
    const at = Number(found.rest[0])
    const [next] = await rows.between("runs", val, [at + 1], null, { limit: 1 })
    const [stepColumn, time, epoch] = await Promise.all(
      (["step", "time", "epoch"] as const).map((column) => rows.bytes("runs", [...this.#seqs, column, at])),
    )
    if (stepColumn === undefined || time === undefined) throw new Error("a block of points lacks a column")
    return {
      points: decodeBlock({ val: found.bytes, step: stepColumn, time, epoch }),
      storedAt: at,
      hadEpochs: epoch !== undefined,
      end: next === undefined ? Number.POSITIVE_INFINITY : Number(next.rest[0]),
      isFirst: below.length < 2,
      changed: false,
    }
  }

  #store(): void {
    const current = this.#current
    if (current === undefined || !current.changed) return
    const { rows } = this.#context
    const at = current.points.firstStep!
    const block = encodeBlock(current.points)
    if (current.storedAt !== undefined && current.storedAt !== at)
      for (const column of columns) rows.clear("runs", [...this.#seqs, column, current.storedAt])
    for (const column of columns) {
      const bytes = block[column]
      if (bytes !== null) rows.setBytes("runs", [...this.#seqs, column, at], bytes)
      else if (current.hadEpochs) rows.clear("runs", [...this.#seqs, column, at])
    }
    current.storedAt = at
    current.hadEpochs = block.epoch !== null
    current.changed = false
  }

  /** Least and greatest value from the headers of all blocks, or of as many as show that they are still the known ones. */
  async #findExtremes(known?: { readonly min: number; readonly max: number }): Promise<void> {
    this.#min = Number.NaN
    this.#max = Number.NaN
    for await (const chunk of this.#context.rows.eachUnder("runs", [...this.#seqs, "val"]))
      for (const { bytes } of chunk) {
        const { min, max } = blockHeader(bytes)
        this.#widen(min)
        this.#widen(max)
        if (known !== undefined && this.#min === known.min && this.#max === known.max) return
      }
    this.#extremeLost = false
  }
}

const fresh = (isFirst: boolean): Current => ({
  points: isFirst ? new Points() : roomyPoints(),
  storedAt: undefined,
  hadEpochs: false,
  end: Number.POSITIVE_INFINITY,
  isFirst,
  changed: false,
})
