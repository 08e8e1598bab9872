/** `GET /runs/search/metric`: metrics with a sample of their points, by run. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { samplePoints } from "../../domain/sampling-extremes.ts"
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import type { TraceView } from "../../projections/run-view.ts"
import * as parameters from "./api-parameters.ts"
import { sendJson } from "./json-body.ts"
import { Search, type SearchGateway, type SequenceMatch } from "./search.ts"
import { explanation } from "./search-explain.ts"
import { answerWith, pagesOf, Progress } from "./search-pages.ts"
import { queryIn } from "./search-query.ts"
import { SequenceParts } from "./search-parts.ts"
import { numpy, type Tree } from "./stream-codec.ts"

/** Everything is refused, and everything found, before the first byte is sent. */
export const metricSearch = (gateway: SearchGateway) => async (request: FastifyRequest, reply: FastifyReply) => {
  const points = parameters.points.read(request)
  // Only how the reference cuts its own work; nothing of it shows.
  parameters.traceChunkSize.read(request)
  const axis = parameters.xAxis.read(request) ?? ""
  const skipSystem = parameters.skipSystem.read(request)
  const progress = new Progress(parameters.reportProgress.read(request))
  const query = queryIn(request, "metric", gateway.clock())
  const search = new Search(gateway, query, request, reply)
  const find = () => search.sequences(({ kind }) => kind === "metric")
  if (parameters.explain.read(request)) return sendJson(reply, await explanation(search, async () => (await find()).length))
  // As in the reference: where each sequence had to be looked at, progress is told only if it takes long.
  const isLazy = query.needs.sequence && query.traceNames === null
  const pages = (matches: readonly SequenceMatch[]) => {
    const total = matches.length
    const parts = new SequenceParts(search, matches, skipSystem, (rows, run, trace, traces) =>
      metricTree(rows, run, trace, points, axis === "" ? null : { trace: axisOf(traces, axis, trace) }),
    )
    return pagesOf(search, {
      runs: matches.map(({ run }) => run),
      begin: (writer) => !isLazy && total > 0 && progress.frame(writer, 0, total),
      write: (loader, i, writer) => parts.write(loader, i, writer),
      after: (writer, i) => (isLazy ? progress.lateFrame(writer, i + 1, total) : progress.frame(writer, i + 1, total)),
      end: (writer) => progress.frame(writer, 0, 0),
    })
  }
  return answerWith(reply, search, progress, find(), pages)
}

/** The metric of this name in the same context. */
const axisOf = (traces: readonly TraceView[], name: string, { contextId }: TraceView): TraceView | undefined =>
  traces.find((other) => other.kind === "metric" && other.name === name && other.contextId === contextId)

const metricTree = async (
  rows: Rows,
  run: string,
  trace: TraceView,
  points: number,
  axis: { readonly trace: TraceView | undefined } | null,
): Promise<Tree> => {
  const { steps, values, epochs, times } = await readMetric(rows, run, trace, {
    choose: (all, values) => samplePoints(all, values, points, "metrics"),
  })
  const along = axis?.trace && (await readMetric(rows, run, axis.trace, { choose: (all) => positionsOf(all, steps), more: [] }))
  return {
    name: trace.name,
    context: trace.context,
    slice: [0, steps.at(-1) ?? 0, 1],
    values: numpy(values),
    iters: numpy(steps),
    epochs: numpy(epochs),
    timestamps: numpy(times),
    ...(axis === null ? {} : { x_axis_values: numpy(along?.values ?? []), x_axis_iters: numpy(along?.steps ?? []) }),
  }
}

/** Where those of the steps are that both have: clients pair a metric with its axis point by point. */
const positionsOf = (all: Float64Array, steps: Float64Array): readonly number[] => {
  const positions: number[] = []
  let at = 0
  for (const step of steps) {
    while (at < all.length && all[at]! < step) at++
    if (all[at] === step) positions.push(at)
  }
  return positions
}
