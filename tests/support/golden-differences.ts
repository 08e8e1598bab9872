/**
 * The recorded binary answers, and answers to recorded queries, that we give otherwise: each with the number of the
 * mending in the protocol's table and what is right instead.
 */
import { float } from "../../domain/value.ts"
import type { DecodedRecord } from "./stream-decoder.ts"

export interface ResponseDifference {
  readonly mendings: readonly number[]
  readonly why: string
  /** What we answer, from what was recorded. */
  readonly change: (recorded: readonly DecodedRecord[]) => readonly DecodedRecord[]
}

type Records = readonly DecodedRecord[]
type Change = (records: Records) => Records

const [A, B] = ["a".repeat(32), "b".repeat(32)]

const set =
  (path: string, value: DecodedRecord["value"]): Change =>
  (records) =>
    records.map((record) => (record.path.join("/") === path ? { ...record, value } : record))

const all =
  (...changes: readonly Change[]): Change =>
  (records) =>
    changes.reduce((changed, change) => change(changed), records)

const doubles = (values: readonly number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer)

/** A numeric array that was recorded as empty. */
const filled = (path: string, values: readonly number[]): Change =>
  all(set(`${path}/shape`, values.length), set(`${path}/blob`, doubles(values)))

const aggregates = (path: string, first: number, min: number, max: number): Change =>
  all(set(`${path}/first`, float(first)), set(`${path}/min`, float(min)), set(`${path}/max`, float(max)))

const aggregatesOfA = all(
  aggregates(`${A}/traces/metric/0/values`, 1, 0.125, 1),
  aggregates(`${A}/traces/metric/1/values`, 0, 0, 30),
)

const none = Number.NaN
const begin = 1_767_225_600
const columns = (path: string, epochs: readonly number[], times: readonly number[]): Change =>
  all(
    filled(`${path}/epochs`, epochs),
    filled(
      `${path}/timestamps`,
      times.map((time) => begin + time),
    ),
  )

const fullA = all(
  columns(`${A}/traces/0`, [0, 1, 2, 3], [1, 2, 3, 4]),
  columns(`${A}/traces/1`, [none, none, none, none], [1, 2, 3, 4]),
)
const fullB = columns(`${B}/traces/0`, [none], [100])

const progress = (counter: number, checked: number, total: number): Records => [
  { path: [`progress_${counter}`], value: [] },
  { path: [`progress_${counter}`, 0], value: checked },
  { path: [`progress_${counter}`, 1], value: total },
]

const newestFirst: Change = (records) => {
  const of = (run: string) => records.filter(({ path }) => path[0] === run)
  return [...progress(0, 0, 2), ...of(B), ...progress(1, 1, 2), ...of(A), ...progress(2, 2, 2), ...progress(3, 0, 0)]
}

const realAggregates = {
  mendings: [11],
  why: "first, min and max are those of the values, not copies of the last one",
  change: aggregatesOfA,
}
const filledColumns = "epochs and timestamps are filled, aligned with the steps"

export const responseDifferences: Readonly<Record<string, ResponseDifference>> = {
  run_search_default: realAggregates,
  run_search_with_system: realAggregates,
  run_search_offset: realAggregates,
  metric_search_single_exact: {
    mendings: [12],
    why: filledColumns,
    change: all(columns(`${A}/traces/0`, [0, 2, 3], [1, 3, 4]), columns(`${A}/traces/1`, [none, none, none], [1, 3, 4])),
  },
  metric_search_by_name: { mendings: [12], why: filledColumns, change: all(fullA, fullB) },
  metric_search_default: {
    mendings: [12, 16],
    why: `${filledColumns}; the newest run comes first, each before the progress that counts it`,
    change: all(fullA, fullB, newestFirst),
  },
  metric_search_lazy: {
    mendings: [12],
    why: filledColumns,
    change: all(columns(`${A}/traces/0`, [0, 3], [1, 4]), columns(`${A}/traces/1`, [none, none], [1, 4])),
  },
  metric_search_xaxis: { mendings: [12], why: filledColumns, change: columns(`${A}/traces/0`, [0, 1, 2, 3], [1, 2, 3, 4]) },
}

export interface QueryDifference {
  readonly q: string
  /** Minutes west of UTC. */
  readonly tz?: number
  readonly mending: number
  /** By the letters of their ids, newest first. */
  readonly runs: readonly string[]
  readonly metrics: readonly string[]
}

const metricsOf: Readonly<Record<string, readonly string[]>> = { A: ["A:loss", "A:step_time"], B: ["B:loss"] }

const finds = (mending: number, q: string, runs: string, tz = 0): QueryDifference => ({
  q,
  tz,
  mending,
  runs: [...runs],
  metrics: [...runs].toSorted().flatMap((run) => metricsOf[run] ?? []),
})

/** In A lr is 0.1 and on is True, in B lr is 2. */
export const queryDifferences: readonly QueryDifference[] = [
  finds(1, "run.hparams.lr == 2.0", "B"),
  finds(1, "run.hparams.lr > 1", "B"),
  finds(1, "run.hparams.lr > 1.0", "B"),
  finds(1, "run.hparams.lr < 1", "A"),
  finds(1, "run.hparams.lr >= 2", "B"),
  finds(1, "run.hparams.lr <= 2", "BA"),
  finds(1, "run.hparams.on == 1", "A"),
  finds(1, 'run["hparams"]["lr"] > 1', "B"),
  finds(1, "run.hparams.nope == None", "BA"),
  finds(11, "run.metrics['loss'].first", "BA"),
  finds(18, "run.metrics['loss', {'subset': 'train'}].last < 1", "A"),
  finds(2, "run.created_at >= datetime(2026,1,1)", "BA", -240),
  finds(2, "datetime(2026,1,1) == 1767240000", "", -240),
  finds(2, "run.created_at >= datetime(2026,1,1)", "", 240),
  finds(2, "datetime(2026,1,1) == 1767240000", "BA", 240),
]
