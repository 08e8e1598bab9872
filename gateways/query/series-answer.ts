/** The frames of an answer of series (series-frames.ts), made as fast as the client takes them. */
import { float } from "../../domain/value.ts"
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import {
  alongAxis,
  BucketFilling,
  columnsOfAxis,
  type Extent,
  extentOf,
  firstStepOf,
  type Grid,
  union,
} from "../../projections/series-buckets.ts"
import type { Search } from "./search.ts"
import type { ChosenSeries } from "./series-choice.ts"
import { frameOf } from "./series-frames.ts"
import type { SeriesForm } from "./series-request.ts"

/** Bytes and milliseconds after which what was read of one view is sent, and a new view begun for the rest. */
const viewBytes = 8 * 2 ** 20
const viewMs = 2_000

/** Blocks of a series that are read at once: up to 65,536 points. */
const blocksAtOnce = 64

/** Most points that are kept after the grid was made of them, so that they need not be read again: 32 MB. */
const mostKept = 2_000_000

/** A part of a series along the axis. */
interface Piece {
  readonly xs: Float64Array
  readonly values: Float64Array
}

const bucketNames = ["min", "max", "mean", "last", "count"] as const
const pointNames = ["step", "value", "epoch", "time"] as const

/** One answer, made view by view. */
export class SeriesAnswer {
  readonly #search: Search
  readonly #chosen: readonly ChosenSeries[]
  readonly #form: SeriesForm
  #grid: Grid | null = null
  readonly #kept = new Map<ChosenSeries, readonly Piece[]>()
  #keptPoints = 0
  #next = 0
  /** Of a raw series that is sent in several frames: the step at which the next one begins. */
  #nextStep: number | null = null

  constructor(search: Search, chosen: readonly ChosenSeries[], form: SeriesForm) {
    this.#search = search
    this.#chosen = chosen
    this.#form = form
  }

  get goesOn(): boolean {
    return this.#next < this.#chosen.length
  }

  /** The first frames; the grid and, unless they are long, all series come from one view. */
  begin(): Promise<readonly Uint8Array[]> {
    return this.#view(async (rows, until) => {
      const { buckets } = this.#form
      if (buckets !== undefined) this.#grid = await this.#gridOf(rows, buckets)
      return [this.#head(), ...(await this.#frames(rows, until))]
    })
  }

  /** The frames of one more view. */
  page(): Promise<readonly Uint8Array[]> {
    return this.#view((rows, until) => this.#frames(rows, until))
  }

  /** Reads in one view; a body that is run again goes on from where it began. */
  #view<A>(body: (rows: Rows, until: number) => Promise<A>): Promise<A> {
    const [next, nextStep] = [this.#next, this.#nextStep]
    return this.#search.read((rows) => {
      this.#next = next
      this.#nextStep = nextStep
      return body(rows, performance.now() + viewMs)
    })
  }

  #head(): Uint8Array {
    const series = this.#chosen.length
    const { axis, buckets } = this.#form
    if (buckets === undefined) return frameOf({ series, columns: pointNames })
    const [from, to] = this.#grid === null ? [null, null] : [float(this.#grid.from), float(this.#grid.to)]
    return frameOf({ series, columns: bucketNames, x: axis, buckets, from, to })
  }

  async #frames(rows: Rows, until: number): Promise<readonly Uint8Array[]> {
    const frames: Uint8Array[] = []
    for (let bytes = 0; this.goesOn && bytes < viewBytes && performance.now() < until;) {
      const index = this.#next
      const one = this.#chosen[index]!
      const columns = await this.#search.orLeftOut(one.run, () => this.#columnsOf(rows, one))
      if (columns === undefined) this.#nextStep = null
      else {
        const frame = frameOf({ index, run: one.run, name: one.trace.name, context: one.trace.context }, columns)
        bytes += frame.length
        frames.push(frame)
      }
      if (this.#nextStep === null) this.#next++
      await this.#search.turn()
    }
    return frames
  }

  async #columnsOf(rows: Rows, one: ChosenSeries): Promise<readonly Float64Array[]> {
    if (this.#form.buckets === undefined) return this.#points(rows, one)
    if (this.#grid === null) return []
    const filling = new BucketFilling(this.#grid)
    for await (const { xs, values } of this.#kept.get(one) ?? this.#pieces(rows, one)) filling.add(xs, values)
    this.#kept.delete(one)
    const columns = filling.take()
    return bucketNames.map((name) => columns[name])
  }

  async #points(rows: Rows, one: ChosenSeries): Promise<readonly Float64Array[]> {
    const range = this.#steps(one)
    const from = this.#nextStep ?? range.from
    const { steps, values, epochs, times } = await readMetric(rows, one.run, one.trace, {
      ...range,
      from,
      mostBlocks: blocksAtOnce,
    })
    const last = steps.at(-1)
    this.#nextStep = last === undefined || last + 1 >= range.to ? null : last + 1
    return [steps, values, epochs, times]
  }

  /** A series along the axis, in pieces, so that a long one neither fills the memory nor keeps others waiting. */
  async *#pieces(rows: Rows, one: ChosenSeries): AsyncGenerator<Piece> {
    const { axis } = this.#form
    const { from, to } = this.#steps(one)
    const more = columnsOfAxis(axis)
    let begin: number | undefined
    for (let next = from; next === undefined || next < to;) {
      const points = await readMetric(rows, one.run, one.trace, { from: next, to, more, mostBlocks: blocksAtOnce })
      const last = points.steps.at(-1)
      if (last === undefined) return
      begin ??= points.times[0]
      yield { xs: alongAxis(axis, points, begin ?? 0), values: points.values }
      next = last + 1
      await this.#search.turn()
    }
  }

  /** Up to the last step that the series had when it was chosen. */
  #steps({ trace }: ChosenSeries): { readonly from: number | undefined; readonly to: number } {
    const { axis, from, to } = this.#form
    const end = trace.lastStep + 1
    if (axis !== "step") return { from: undefined, to: end }
    const begin = from === undefined ? undefined : asStep(Math.ceil(from))
    return { from: begin, to: to === undefined ? end : Math.min(end, asStep(Math.floor(to)) + 1) }
  }

  async #gridOf(rows: Rows, buckets: number): Promise<Grid | null> {
    const { from, to } = this.#form
    if (from !== undefined && to !== undefined) return { from, to, buckets }
    const extents: (Extent | null)[] = []
    for (const one of this.#chosen) {
      extents.push((await this.#search.orLeftOut(one.run, () => this.#extentOf(rows, one))) ?? null)
      await this.#search.turn()
    }
    const all = union(extents)
    if (all === null) return null
    const grid = { from: from ?? all.from, to: to ?? all.to, buckets }
    return grid.from <= grid.to ? grid : null
  }

  async #extentOf(rows: Rows, one: ChosenSeries): Promise<Extent | null> {
    if (this.#form.axis === "step") {
      const first = await firstStepOf(rows, one.run, one.trace)
      return first === null ? null : { from: first, to: one.trace.lastStep }
    }
    const extents: (Extent | null)[] = []
    const pieces: Piece[] = []
    for await (const piece of this.#pieces(rows, one)) {
      extents.push(extentOf(piece.xs))
      this.#keptPoints += piece.xs.length
      if (this.#keptPoints <= mostKept) pieces.push(piece)
    }
    if (this.#keptPoints <= mostKept) this.#kept.set(one, pieces)
    return union(extents)
  }
}

/** The nearest integer that can be a step; a negative zero would be another key than 0. */
const asStep = (integer: number): number => Math.min(Math.max(integer, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER - 1) + 0
