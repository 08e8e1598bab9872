/** Events as the gateway makes them, made up without it: for logs that are too long to be sent each time. */
import { type AnyEvent, type AnyFact, catalog } from "../../events/index.ts"
import { contextId } from "../../domain/context.ts"
import { encodeValue } from "../../domain/msgpack.ts"
import { float, type Value, type ValueMap } from "../../domain/value.ts"

/** A batch to append at once. */
export type Events = readonly AnyEvent[]

const train: ValueMap = new Map<string, Value>([["subset", "train"]])
const context = { contextId: contextId(train), context: encodeValue(train) }
const none = encodeValue(new Map())

const began = Date.UTC(2026, 0, 1) / 1_000
const perAppend = 200

export interface SeriesShape {
  readonly runs: number
  /** Series in each run. */
  readonly series: number
  /** Points of each series, and of each event. */
  readonly points: number
  readonly perEvent: number
}

/** Regular series: steps by one, one point every 250 µs, noisy doubles. */
export function* seriesHistory({ runs, series, points, perEvent }: SeriesShape): Generator<Events> {
  const stamp = stamper()
  let batch: AnyEvent[] = []
  for (let from = 0; from < points; from += perEvent)
    for (let run = 0; run < runs; run++)
      for (let number = 0; number < series; number++) {
        const length = Math.min(perEvent, points - from)
        const data = {
          runId: `series-${run}`,
          name: `metric_${number}`,
          ...context,
          dtype: "float",
          values: Array.from({ length }, (_, i) => seriesValue(from + i, number)),
          steps: Array.from({ length }, (_, i) => from + i),
          epochs: [],
          firstTime: began * 1e6 + from * 250,
          timeOffsets: Array.from({ length }, (_, i) => i * 250),
        }
        batch.push(stamp(catalog.PointsLogged(data), data.runId))
        if (batch.length < perAppend) continue
        yield batch
        batch = []
      }
  if (batch.length > 0) yield batch
}

/** Many runs, each with five parameters, ten points in one event, a name and an end; one run in a hundred is of group 7. */
export function* runsHistory(runs: number): Generator<Events> {
  const stamp = stamper()
  for (let from = 0; from < runs; from += perAppend / 4) {
    const batch: AnyEvent[] = []
    for (let run = from; run < Math.min(runs, from + perAppend / 4); run++)
      for (const fact of factsOfRun(run)) batch.push(stamp(fact, runIdOf(run)))
    yield batch
  }
}

/** Small events of many kinds, `count` of them: single points, parameters, tags, names, ends. */
export function* smallHistory(count: number): Generator<Events> {
  const stamp = stamper()
  let batch: AnyEvent[] = []
  for (let i = 0; i < count; i++) {
    const run = Math.floor(i / 20)
    batch.push(stamp(smallFact(run, i % 20), runIdOf(run)))
    if (batch.length < perAppend) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

const runIdOf = (run: number): string => `run-${String(run).padStart(8, "0")}`

const factsOfRun = (run: number): readonly AnyFact[] => [
  catalog.RunCreated({ runId: runIdOf(run), clientStart: began + run }),
  parameters(run),
  points(run, 0, 10),
  catalog.RunFinished({ runId: runIdOf(run), finishedAt: began + run + 60 }),
]

const smallFact = (run: number, kind: number): AnyFact => {
  const runId = runIdOf(run)
  if (kind === 0) return catalog.RunCreated({ runId, clientStart: began + run })
  if (kind === 1) return parameters(run)
  if (kind === 2) return catalog.RunRenamed({ runId, name: `run number ${run}` })
  if (kind === 3) return catalog.RunTagged({ runId, tagId: tagIds[run % tagIds.length]!, name: `tag ${run % tagIds.length}` })
  if (kind === 19) return catalog.RunFinished({ runId, finishedAt: began + run + 60 })
  return points(run, kind - 4, 1)
}

const tagIds = Array.from({ length: 10 }, (_, i) => `00000000-0000-5000-8000-00000000000${i}`)

const parameters = (run: number): AnyFact => {
  const values: readonly (readonly [string, Value])[] = [
    ["lr", float(0.001 * (1 + (run % 100)))],
    ["batch", 2 ** (run % 8)],
    ["seed", run],
    ["group", run % 100],
    ["model", `m${run % 10}`],
  ]
  const paths = values.map(([name]) => ["hparams", name])
  return catalog.AttributesSet({ runId: runIdOf(run), paths, values: values.map(([, value]) => encodeValue(value)) })
}

const points = (run: number, from: number, length: number): AnyFact =>
  catalog.PointsLogged({
    runId: runIdOf(run),
    name: "loss",
    contextId: 0,
    context: none,
    dtype: "float",
    values: Array.from({ length }, (_, i) => seriesValue(from + i, run)),
    steps: Array.from({ length }, (_, i) => from + i),
    epochs: [],
    firstTime: (began + run) * 1e6 + from,
    timeOffsets: Array.from({ length }, (_, i) => i * 250),
  })

/** The value of a series at a point. */
export const seriesValue = (point: number, series: number): number =>
  (1 + series) * Math.exp(-point / 50_000) + 0.05 * Math.sin((point + series) * 12.9898)

/** Gives each event metadata of the usual size. */
const stamper = () => {
  let seq = 0
  return (fact: AnyFact, run: string): AnyEvent => {
    const number = seq++
    const id = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`
    const writer = `00000000-0000-4000-8000-${run.slice(-12).padStart(12, "0")}`
    const at = began + number / 1_000
    const meta = { id, at, serverTime: at, project: "00000000", actor: "anonymous", cause: null, writer, seq: number, part: 0 }
    // A fact of any type with its metadata is an event of that type.
    return { ...fact, meta } as AnyEvent
  }
}
