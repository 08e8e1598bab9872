/** The points of metrics as typed arrays: in buckets of one grid, sampled, or all of them. */
import type { MetricPoints, MetricsFound } from "./api-types.ts"
import type { Connection } from "./connection.ts"
import { entriesOf, isProgress } from "./entries.ts"
import { type ReadOptions, seen } from "./runs.ts"
import { queryOf, questionOf, type SeriesChoice, type SeriesName, wantedIn } from "./series-choice.ts"
import { type Axis, type SeriesFrame, seriesFrames, type SeriesHead } from "./series-frames.ts"

/** Every point of a series, or a sample of them, in the order of their steps; all arrays are equally long. */
export interface PointSeries extends SeriesName {
  readonly steps: Float64Array<ArrayBuffer>
  /** NaN and the infinities as they were logged. */
  readonly values: Float64Array<ArrayBuffer>
  /** NaN where a point has none. */
  readonly epochs: Float64Array<ArrayBuffer>
  /** Unix seconds. */
  readonly times: Float64Array<ArrayBuffer>
}

/** A series in buckets: each array has one number per bucket of the grid, NaN (of `count` 0) where a bucket is empty. */
export interface BucketSeries extends SeriesName {
  readonly min: Float64Array<ArrayBuffer>
  readonly max: Float64Array<ArrayBuffer>
  readonly mean: Float64Array<ArrayBuffer>
  /** The value at the highest step. */
  readonly last: Float64Array<ArrayBuffer>
  readonly count: Float64Array<ArrayBuffer>
}

/** Buckets of equal width between `from` and `to`, the same for all series. */
export interface Bucketed {
  readonly x: Axis
  /** Null where no point has an x: then the arrays are empty. */
  readonly from: number | null
  readonly to: number | null
  readonly buckets: number
  /** Where each bucket begins along x. */
  readonly edges: Float64Array<ArrayBuffer>
  readonly series: readonly BucketSeries[]
}

interface BucketOptions {
  readonly buckets: number
  /** `step` without it. */
  readonly x?: Axis
  /** Bounds along x, both included; the first and last point without them. */
  readonly from?: number
  readonly to?: number
}

/** What can be done with metrics. */
export interface Metrics {
  readonly series: {
    /** In buckets, for charts: spikes stay visible as `min` and `max`. */
    (choice: SeriesChoice & BucketOptions & ReadOptions): Promise<Bucketed>
    /** A sample of at most so many points of each, spread over its steps and moved to extremes between them. */
    (choice: SeriesChoice & { readonly points: number } & ReadOptions): Promise<readonly PointSeries[]>
    /** Every point. */
    (choice: SeriesChoice & { readonly raw?: true } & ReadOptions): Promise<readonly PointSeries[]>
  }
  /** Every point as it comes, long series in several parts: for what does not fit into memory at once. Where the connection breaks it ends with `cut`. */
  readonly parts: (choice: SeriesChoice & ReadOptions) => AsyncIterable<PointSeries>
  /** Points of chosen metrics of one run as JSON; NaN and the infinities are null there. */
  readonly json: (
    run: string,
    sequences: readonly Omit<SeriesName, "run">[],
    options?: ReadOptions,
  ) => Promise<readonly MetricPoints[]>
}

/** What can be done with metrics over a connection. */
export const metricsOf = (connection: Connection): Metrics => ({
  // The implementation of three signatures, which the compiler does not relate to them.
  series: ((choice: SeriesChoice & ReadOptions & ({ readonly points?: number } | BucketOptions)) =>
    connection.retried<unknown>(() => {
      if ("buckets" in choice) return bucketed(connection, choice)
      return choice.points === undefined ? whole(connection, choice) : sampled(connection, choice, choice.points)
    }, choice.signal)) as Metrics["series"],
  parts: (choice) => partsOf(connection, choice),
  json: async (run, sequences, options = {}) => {
    const query = { record_density: 0, ...seen(options) }
    const given = { path: { id: run }, query, body: sequences, signal: options.signal }
    return (await connection.request("POST /runs/{id}/metric/get-batch", given)).body
  },
})

const framesOf = async (connection: Connection, choice: SeriesChoice & ReadOptions, grid: object = {}) => {
  const { signal } = choice
  const query = { ...grid, ...seen(choice) }
  return seriesFrames(await connection.open("POST /runs/series", { query, body: questionOf(choice), signal }), signal)
}

const bucketed = async (connection: Connection, choice: SeriesChoice & BucketOptions & ReadOptions): Promise<Bucketed> => {
  const { buckets, x = "step", from: first, to: last } = choice
  const series: BucketSeries[] = []
  let told: SeriesHead | undefined
  for await (const { head, frame } of await framesOf(connection, choice, { buckets, x, from: first, to: last })) {
    told = head
    if (frame !== null) series.push({ ...nameOf(frame), ...columnsOf(frame, ["min", "max", "mean", "last", "count"], head) })
  }
  const { from = null, to = null } = told ?? {}
  const isEmpty = from === null || to === null
  const edges = Float64Array.from({ length: isEmpty ? 0 : buckets }, (_, i) => (isEmpty ? 0 : from + (i * (to - from)) / buckets))
  return { x, from, to, buckets, edges, series }
}

const nameOf = ({ run, name, context }: SeriesFrame): SeriesName => ({ run, name, context })

/** The columns of a frame by their names; what the server does not send is empty. */
const columnsOf = <N extends string>({ columns }: SeriesFrame, names: readonly N[], head: SeriesHead) =>
  // Exactly the names that are asked for.
  Object.fromEntries(names.map((name) => [name, columns[head.columns.indexOf(name)] ?? new Float64Array(0)])) as Readonly<
    Record<N, Float64Array<ArrayBuffer>>
  >

async function* partsOf(connection: Connection, choice: SeriesChoice & ReadOptions): AsyncGenerator<PointSeries, undefined> {
  for await (const { part } of numberedParts(connection, choice)) yield part
}

async function* numberedParts(connection: Connection, choice: SeriesChoice & ReadOptions) {
  for await (const { head, frame } of await framesOf(connection, choice)) {
    if (frame === null) continue
    const { step, value, epoch, time } = columnsOf(frame, ["step", "value", "epoch", "time"], head)
    yield { index: frame.index, part: { ...nameOf(frame), steps: step, values: value, epochs: epoch, times: time } }
  }
}

const whole = async (connection: Connection, choice: SeriesChoice & ReadOptions): Promise<readonly PointSeries[]> => {
  const found = new Map<number, PointSeries[]>()
  for await (const { index, part } of numberedParts(connection, choice)) {
    const before = found.get(index)
    if (before === undefined) found.set(index, [part])
    else before.push(part)
  }
  return [...found.values()].flatMap((parts) =>
    parts.length === 1 ? parts : parts.slice(0, 1).map((first) => inOne(first, parts)),
  )
}

const inOne = (first: PointSeries, parts: readonly PointSeries[]): PointSeries => ({
  ...first,
  steps: joined(parts.map(({ steps }) => steps)),
  values: joined(parts.map(({ values }) => values)),
  epochs: joined(parts.map(({ epochs }) => epochs)),
  times: joined(parts.map(({ times }) => times)),
})

const joined = (columns: readonly Float64Array[]): Float64Array<ArrayBuffer> => {
  const all = new Float64Array(columns.reduce((length, column) => length + column.length, 0))
  let at = 0
  for (const column of columns) {
    all.set(column, at)
    at += column.length
  }
  return all
}

const sampled = async (
  connection: Connection,
  choice: SeriesChoice & ReadOptions,
  points: number,
): Promise<readonly PointSeries[]> => {
  const query = { q: queryOf(choice), p: points, report_progress: false, ...seen(choice) }
  const response = await connection.open("GET /runs/search/metric", { query, signal: choice.signal })
  const isWanted = wantedIn(choice)
  const found: PointSeries[] = []
  for await (const { key, value } of entriesOf(response, "the metrics", choice.signal)) {
    if (isProgress(key)) continue
    // What the API's document says of this tree.
    for (const { name, context, iters, values, epochs, timestamps } of (value as MetricsFound).traces) {
      const series = { run: String(key), name, context, steps: iters, values, epochs, times: timestamps }
      if (isWanted(series)) found.push(series)
    }
  }
  return found
}
