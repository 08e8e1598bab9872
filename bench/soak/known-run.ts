/** A run that was logged, what must be there of it, and whether it is: each acknowledged thing exactly once. */
import { setTimeout as wait } from "node:timers/promises"
import { rest, type Soak } from "./soak.ts"

export interface KnownRun {
  readonly id: string
  /** Points of each series, at the steps from 0. */
  readonly points: Map<string, number>
  records: number
  artifact: string | undefined
}

export const known = (id: string): KnownRun => ({ id, points: new Map(), records: 0, artifact: undefined })

/** The value of a series at a step: noisy, as measured ones are, and known again. */
export const valueAt = (series: string, step: number): number =>
  2.3 * Math.exp(-step / 50_000) + 0.05 * Math.sin(step * 12.9898 + series.length)

const patienceMs = 60_000

/** Waits until the last points show, then looks at everything; a difference is a fault. */
export const checkRun = async (soak: Soak, run: KnownRun): Promise<void> => {
  const deadline = performance.now() + patienceMs
  let difference = await differenceOf(soak, run)
  while (difference !== undefined && performance.now() < deadline) {
    await wait(250)
    difference = await differenceOf(soak, run)
  }
  if (difference !== undefined) soak.tally.fault(`run ${run.id}: ${difference}`)
  soak.tally.count("runs looked through")
}

const differenceOf = async (soak: Soak, run: KnownRun): Promise<string | undefined> =>
  (await differentPoints(soak, run)) ?? (await differentRecords(soak, run)) ?? (await differentArtifact(soak, run))

interface Series {
  readonly iters: readonly number[]
  readonly values: readonly number[]
}

const differentPoints = async (soak: Soak, { id, points }: KnownRun): Promise<string | undefined> => {
  const asked = [...points.keys()].map((name) => ({ name, context: {} }))
  const path = `/runs/${id}/metric/get-batch/?record_density=0`
  const { status, body } = await rest(soak, "all points of a run", ["POST", path], asked, [200, 404])
  if (status !== 200) return `answered ${status}`
  const found = JSON.parse(body.toString("utf8")) as readonly Series[]
  for (const [i, [name, count]] of [...points].entries()) {
    const { iters = [], values = [] } = found[i] ?? {}
    if (iters.length !== count) return `${name} has ${iters.length} points, not ${count}`
    const odd = iters.findIndex((step, at) => step !== at || values[at] !== valueAt(name, step))
    if (odd >= 0) return `${name} has step ${iters[odd]} with ${values[odd]} at place ${odd}`
  }
  return undefined
}

/** The stream's first frame counts all records; each later one begins with its step, so texts are counted as bytes. */
const differentRecords = async (soak: Soak, { id, records }: KnownRun): Promise<string | undefined> => {
  const { body } = await rest(soak, "log records", ["GET", `/runs/${id}/log-records/?record_range=0:`])
  const text = body.toString("latin1")
  for (let i = 0; i < records; i++) {
    const found = text.split(`record <${i}>`).length - 1
    if (found !== 1) return `record ${i} is there ${found} times`
  }
  return undefined
}

const differentArtifact = async (soak: Soak, { id, artifact }: KnownRun): Promise<string | undefined> => {
  if (artifact === undefined) return undefined
  const path = `/runs/${id}/artifacts/download/?path=model.bin`
  const { status, body } = await rest(soak, "download", ["GET", path], undefined, [200, 404])
  return status === 200 && body.toString("latin1") === artifact ? undefined : `its artifact is not what was uploaded (${status})`
}
