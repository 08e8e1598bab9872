/** One series along an axis, in pieces, so that a long one neither fills the memory nor keeps others waiting. */
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import { alongAxis, columnsOfAxis } from "../../projections/series-buckets.ts"
import type { ChosenSeries } from "./series-choice.ts"
import type { SeriesForm } from "./series-request.ts"

/** Blocks of a series that are read at once: up to 65,536 points. */
export const blocksAtOnce = 64

/** A part of a series along the axis. */
export interface Piece {
  readonly xs: Float64Array
  readonly values: Float64Array
}

/** Gives the pieces of a series, from one view or from several; what could not be read is read by the next call. */
export class SeriesPieces {
  readonly #one: ChosenSeries
  readonly #form: SeriesForm
  #next: number | undefined
  #begin: number | undefined

  constructor(one: ChosenSeries, form: SeriesForm) {
    this.#one = one
    this.#form = form
    this.#next = stepsOf(one, form).from
  }

  /** Undefined at the end. */
  async next(rows: Rows): Promise<Piece | undefined> {
    const { run, trace } = this.#one
    const { axis } = this.#form
    const { to } = stepsOf(this.#one, this.#form)
    if (this.#next !== undefined && this.#next >= to) return undefined
    const part = { from: this.#next, to, more: columnsOfAxis(axis), mostBlocks: blocksAtOnce }
    const points = await readMetric(rows, run, trace, part)
    const last = points.steps.at(-1)
    this.#next = last === undefined ? to : last + 1
    if (last === undefined) return undefined
    this.#begin ??= points.times[0]
    return { xs: alongAxis(axis, points, this.#begin ?? 0), values: points.values }
  }
}

/** The steps of a series that an answer tells: up to the last one that it had when it was chosen. */
export const stepsOf = (
  { trace }: ChosenSeries,
  { axis, from, to }: SeriesForm,
): { readonly from: number | undefined; readonly to: number } => {
  const end = trace.lastStep + 1
  if (axis !== "step") return { from: undefined, to: end }
  const begin = from === undefined ? undefined : asStep(Math.ceil(from))
  return { from: begin, to: to === undefined ? end : Math.min(end, asStep(Math.floor(to)) + 1) }
}

/** The nearest integer that can be a step; a negative zero would be another key than 0. */
const asStep = (integer: number): number => Math.min(Math.max(integer, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER - 1) + 0
