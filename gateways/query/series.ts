/** `/runs/series`: many metrics at once, each in buckets of one grid or point by point, as binary columns. */
import type { FastifyInstance, FastifyReply } from "fastify"
import { float } from "../../domain/value.ts"
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import {
  alongAxis,
  bucketsOf,
  columnsOfAxis,
  type Extent,
  extentOf,
  firstStepOf,
  type Grid,
  union,
} from "../../projections/series-buckets.ts"
import { Search, type SearchGateway } from "./search.ts"
import { queryIn, queryOf } from "./search-query.ts"
import { frameOf } from "./series-frames.ts"
import { type SeriesForm, seriesForm, seriesInBody } from "./series-request.ts"
import { type ChosenSeries, matchingSeries, namedSeries } from "./series-choice.ts"
import { sendStream } from "./streaming.ts"

/** Bytes and milliseconds after which what was read of one view is sent, and a new view begun for the rest. */
const viewBytes = 8 * 2 ** 20
const viewMs = 2_000

/** Blocks of a raw series that are read at once: up to 65,536 points. */
const blocksAtOnce = 64

export const seriesRoutes =
  (gateway: SearchGateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/runs/series", async (request, reply) => {
      const form = seriesForm(request)
      const search = new Search(gateway, queryIn(request, "metric", gateway.clock()), request, reply)
      return send(search, await matchingSeries(search), form, reply)
    })

    app.post("/runs/series", async (request, reply) => {
      const form = seriesForm(request)
      const asked = seriesInBody(request)
      const text = typeof asked === "string" ? asked : ""
      const search = new Search(gateway, queryOf(text, request, "metric", gateway.clock()), request, reply)
      const chosen = typeof asked === "string" ? await matchingSeries(search) : await namedSeries(search, asked)
      return send(search, chosen, form, reply)
    })
  }

const send = async (search: Search, chosen: readonly ChosenSeries[], form: SeriesForm, reply: FastifyReply) => {
  const answer = new SeriesAnswer(search, chosen, form)
  // The grid and, unless they are long, all series come from one view; faults show before the first byte.
  const first = await answer.begin()
  const chunks = async function* () {
    yield* first
    while (answer.goesOn) yield* await answer.page()
  }
  return sendStream(reply, chunks())
}

const bucketNames = ["min", "max", "mean", "last", "count"] as const
const pointNames = ["step", "value", "epoch", "time"] as const

class SeriesAnswer {
  readonly #search: Search
  readonly #chosen: readonly ChosenSeries[]
  readonly #form: SeriesForm
  #grid: Grid | null = null
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

  begin(): Promise<readonly Uint8Array[]> {
    return this.#search.read(async (rows) => {
      const { buckets } = this.#form
      if (buckets !== undefined) this.#grid = await this.#gridOf(rows, buckets)
      return [this.#head(), ...(await this.#frames(rows))]
    })
  }

  page(): Promise<readonly Uint8Array[]> {
    return this.#search.read((rows) => this.#frames(rows))
  }

  #head(): Uint8Array {
    const series = this.#chosen.length
    const { axis, buckets } = this.#form
    if (buckets === undefined) return frameOf({ series, columns: pointNames })
    const [from, to] = this.#grid === null ? [null, null] : [float(this.#grid.from), float(this.#grid.to)]
    return frameOf({ series, columns: bucketNames, x: axis, buckets, from, to })
  }

  async #frames(rows: Rows): Promise<readonly Uint8Array[]> {
    const frames: Uint8Array[] = []
    const until = performance.now() + viewMs
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
    const { axis } = this.#form
    const points = await readMetric(rows, one.run, one.trace, { more: columnsOfAxis(axis), ...this.#steps(one) })
    const columns = bucketsOf(this.#grid, alongAxis(axis, points), points.values)
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

  async #extentOf(rows: Rows, { run, trace }: ChosenSeries): Promise<Extent | null> {
    const { axis } = this.#form
    if (axis !== "step") return extentOf(alongAxis(axis, await readMetric(rows, run, trace, { more: columnsOfAxis(axis) })))
    const first = await firstStepOf(rows, run, trace)
    return first === null ? null : { from: first, to: trace.lastStep }
  }
}

/** The nearest integer that can be a step; a negative zero would be another key than 0. */
const asStep = (integer: number): number => Math.min(Math.max(integer, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER - 1) + 0
