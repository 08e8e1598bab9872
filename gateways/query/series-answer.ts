/** The frames of an answer of series (series-frames.ts), made as fast as the client takes them. */
import { float } from "../../domain/value.ts"
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import { BucketFilling, type Extent, extentOf, firstStepOf, type Grid, union } from "../../projections/series-buckets.ts"
import type { Search } from "./search.ts"
import type { ChosenSeries } from "./series-choice.ts"
import { frameOf } from "./series-frames.ts"
import { blocksAtOnce, type Piece, SeriesPieces, stepsOf } from "./series-pieces.ts"
import type { SeriesForm } from "./series-request.ts"

/** Bytes and milliseconds after which what was read of one view is sent, and a new view begun for the rest. */
const viewBytes = 8 * 2 ** 20
const viewMs = 2_000

/** Most points that are kept after the grid was made of them, so that they need not be read again: 32 MB. */
const mostKept = 2_000_000

const bucketNames = ["min", "max", "mean", "last", "count"] as const
const pointNames = ["step", "value", "epoch", "time"] as const

/** A series that is read piece by piece, maybe in several views. */
interface Open<A> {
  readonly pieces: SeriesPieces
  readonly made: A
}

/** What is known of a series along the axis while it is measured. */
interface Measured {
  extent: Extent | null
  readonly pieces: Piece[]
}

/**
 * One answer, made view by view. How far it is stands outside of the views, and is moved at once when something was read: so a
 * view that ends, or a body that the store runs again, loses nothing and repeats nothing.
 */
export class SeriesAnswer {
  readonly #search: Search
  readonly #chosen: readonly ChosenSeries[]
  readonly #form: SeriesForm
  /** Of the series that were measured for the grid. */
  readonly #extents: (Extent | null)[] = []
  #grid: Grid | null = null
  readonly #kept = new Map<ChosenSeries, readonly Piece[]>()
  #keptPoints = 0
  #measuring: Open<Measured> | null = null
  #filling: Open<BucketFilling> | null = null
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
  async begin(): Promise<readonly Uint8Array[]> {
    const frames: Uint8Array[] = []
    while (frames.length === 0)
      await this.#view(async (rows, until) => {
        if (frames.length === 0) {
          if (!(await this.#hasGrid(rows, until))) return
          frames.push(this.#head())
        }
        await this.#fill(frames, rows, until)
      })
    return frames
  }

  /** The frames of one more view. */
  async page(): Promise<readonly Uint8Array[]> {
    const frames: Uint8Array[] = []
    await this.#view((rows, until) => this.#fill(frames, rows, until))
    return frames
  }

  #view(body: (rows: Rows, until: number) => Promise<void>): Promise<void> {
    return this.#search.read((rows) => body(rows, performance.now() + viewMs))
  }

  #head(): Uint8Array {
    const series = this.#chosen.length
    const { axis, buckets } = this.#form
    if (buckets === undefined) return frameOf({ series, columns: pointNames })
    const [from, to] = this.#grid === null ? [null, null] : [float(this.#grid.from), float(this.#grid.to)]
    return frameOf({ series, columns: bucketNames, x: axis, buckets, from, to })
  }

  /** Makes the frames of the series that come next, while the view lasts and they are not too large. */
  async #fill(frames: Uint8Array[], rows: Rows, until: number): Promise<void> {
    while (this.goesOn && sizeOf(frames) < viewBytes && performance.now() < until) {
      const index = this.#next
      const one = this.#chosen[index]!
      const columns = await this.#search.orLeftOut(one.run, () => this.#columnsOf(rows, one, until))
      if (columns === "more") return
      const { name, context } = one.trace
      if (columns !== undefined) frames.push(frameOf({ index, run: one.run, name, context }, columns))
      else this.#nextStep = null
      this.#filling = null
      if (this.#nextStep === null) this.#next++
      await this.#search.turn()
    }
  }

  #columnsOf(rows: Rows, one: ChosenSeries, until: number): Promise<readonly Float64Array[] | "more"> {
    return this.#form.buckets === undefined ? this.#points(rows, one) : this.#buckets(rows, one, until)
  }

  async #buckets(rows: Rows, one: ChosenSeries, until: number): Promise<readonly Float64Array[] | "more"> {
    if (this.#grid === null) return []
    const kept = this.#kept.get(one)
    this.#kept.delete(one)
    const { pieces, made } = (this.#filling ??= {
      pieces: new SeriesPieces(one, this.#form),
      made: new BucketFilling(this.#grid),
    })
    if (kept !== undefined) for (const { xs, values } of kept) made.add(xs, values)
    else if (!(await this.#each(rows, pieces, until, ({ xs, values }) => made.add(xs, values)))) return "more"
    const columns = made.take()
    return bucketNames.map((name) => columns[name])
  }

  async #points(rows: Rows, one: ChosenSeries): Promise<readonly Float64Array[]> {
    const range = stepsOf(one, this.#form)
    const from = this.#nextStep ?? range.from
    const part = { ...range, from, mostBlocks: blocksAtOnce }
    const { steps, values, epochs, times } = await readMetric(rows, one.run, one.trace, part)
    const last = steps.at(-1)
    this.#nextStep = last === undefined || last + 1 >= range.to ? null : last + 1
    return [steps, values, epochs, times]
  }

  /** Reads the pieces that are left; false where the view is over before. */
  async #each(rows: Rows, pieces: SeriesPieces, until: number, take: (piece: Piece) => void): Promise<boolean> {
    for (;;) {
      const piece = await pieces.next(rows)
      if (piece === undefined) return true
      take(piece)
      await this.#search.turn()
      if (performance.now() >= until) return false
    }
  }

  /** Makes the grid, where there is to be one; false where the view is over before all series were measured. */
  async #hasGrid(rows: Rows, until: number): Promise<boolean> {
    const { from, to, buckets } = this.#form
    if (buckets === undefined) return true
    if (from !== undefined && to !== undefined) {
      this.#grid = { from, to, buckets }
      return true
    }
    if (!(await this.#areMeasured(rows, until))) return false
    const all = union(this.#extents)
    const grid = all && { from: from ?? all.from, to: to ?? all.to, buckets }
    this.#grid = grid !== null && grid.from <= grid.to ? grid : null
    return true
  }

  async #areMeasured(rows: Rows, until: number): Promise<boolean> {
    while (this.#extents.length < this.#chosen.length) {
      if (performance.now() >= until) return false
      const one = this.#chosen[this.#extents.length]!
      const extent = await this.#search.orLeftOut(one.run, () => this.#extentOf(rows, one, until))
      if (extent === "more") return false
      this.#extents.push(extent ?? null)
      this.#measuring = null
      await this.#search.turn()
    }
    return true
  }

  async #extentOf(rows: Rows, one: ChosenSeries, until: number): Promise<Extent | null | "more"> {
    if (this.#form.axis === "step") {
      const first = await firstStepOf(rows, one.run, one.trace)
      return first === null ? null : { from: first, to: one.trace.lastStep }
    }
    const { pieces, made } = (this.#measuring ??= {
      pieces: new SeriesPieces(one, this.#form),
      made: { extent: null, pieces: [] },
    })
    const isWhole = await this.#each(rows, pieces, until, (piece) => {
      made.extent = union([made.extent, extentOf(piece.xs)])
      this.#keptPoints += piece.xs.length
      if (this.#keptPoints <= mostKept) made.pieces.push(piece)
    })
    if (!isWhole) return "more"
    if (this.#keptPoints <= mostKept) this.#kept.set(one, made.pieces)
    return made.extent
  }
}

const sizeOf = (frames: readonly Uint8Array[]): number => frames.reduce((sum, frame) => sum + frame.length, 0)
