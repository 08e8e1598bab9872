/** `POST /runs/search/metric/align`: the whole series of one metric, to lay others along it. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { isInt, type Value } from "../../domain/value.ts"
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import { RunLoader } from "../../projections/search-facts.ts"
import { HttpFault } from "./errors.ts"
import { exactBody } from "./json-body.ts"
import { isId } from "./parameters.ts"
import type { SearchGateway } from "./search.ts"
import { numpy, TreeWriter } from "./stream-codec.ts"
import { clientSignal, pageBytes, sendStream, Turns } from "./streaming.ts"
import { findTrace, listIn, mapIn, type NamedTrace, namedTraces, textIn } from "./traces-in-body.ts"

interface AlignedTrace extends NamedTrace {
  /** The last step that is wanted; 0 or less: all. */
  readonly last: number
}

interface AlignedRun {
  readonly run: string
  readonly traces: readonly AlignedTrace[]
}

/**
 * Runs that are not there are left out. A sequence without that metric keeps its place, with its name alone: the web UI joins
 * the answer to what it shows by position, and would draw each later sequence under the name of another.
 */
export const alignMetrics = (gateway: SearchGateway) => async (request: FastifyRequest, reply: FastifyReply) => {
  const body = mapIn(exactBody(request), "body")
  const by = textIn(body.get("align_by"), "body.align_by")
  const wanted = listIn(body.get("runs"), "body.runs").map(alignedRun)
  const turns = new Turns(clientSignal(reply))
  const chunks = async function* () {
    const writer = new TreeWriter(pageBytes)
    for (const { run, traces } of wanted) {
      if (!isId(run)) continue
      const isThere = await gateway.read(async (rows) => (await load(rows, run)) !== undefined)
      if (!isThere) continue
      writer.write([], [run])
      for (const [i, trace] of traces.entries()) {
        const { name, context } = trace
        const axis = await gateway.read((rows) => readAxis(rows, run, by, trace))
        writer.write({ name, context, ...axis }, [run, i])
        if (writer.length >= pageBytes) yield writer.take()
        await turns.give()
      }
    }
    yield writer.take()
  }
  return sendStream(reply, chunks())
}

const load = (rows: Rows, run: string) => new RunLoader(rows).load(run, { attributes: false, metrics: true, tags: false })

const readAxis = async (rows: Rows, run: string, by: string, wanted: AlignedTrace) => {
  const metrics = ((await load(rows, run))?.traces ?? []).filter(({ kind }) => kind === "metric")
  const axis = findTrace(metrics, { name: by, context: wanted.context })
  if (axis === undefined || findTrace(metrics, wanted) === undefined) return undefined
  const range = wanted.last > 0 ? { to: wanted.last + 1 } : {}
  const { steps, values } = await readMetric(rows, run, axis, { ...range, more: [] })
  return { x_axis_values: numpy(values), x_axis_iters: numpy(steps) }
}

const alignedRun = (item: Value, i: number): AlignedRun => {
  const at = `body.runs.${i}`
  const fields = mapIn(item, at)
  const traces = listIn(fields.get("traces"), `${at}.traces`)
  const names = namedTraces(traces, `${at}.traces`)
  return {
    run: textIn(fields.get("run_id"), `${at}.run_id`),
    traces: names.map((named, j) => ({ ...named, last: lastStepIn(traces[j], `${at}.traces.${j}.slice`) })),
  }
}

/** Of `[first, last, stride]` only the last step counts. */
const lastStepIn = (trace: Value | undefined, where: string): number => {
  const slice = listIn(mapIn(trace, where).get("slice"), where)
  const last = slice[1]
  if (slice.length === 3 && slice.every(isInt) && last !== undefined) return Number(last)
  throw new HttpFault(422, "Input should be three integers", `${where}: Input should be three integers`)
}
