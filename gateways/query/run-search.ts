/** `GET /runs/search/run`: runs with their parameters, fields and the last values of their metrics. */
import type { FastifyReply, FastifyRequest } from "fastify"
import type { RunLoader } from "../../projections/search-facts.ts"
import { booleanParameter, integerParameter, textParameter } from "./parameters.ts"
import { Search, type SearchGateway } from "./search.ts"
import { pagesOf, Progress } from "./search-pages.ts"
import { queryIn } from "./search-query.ts"
import { parseSort } from "./search-sort.ts"
import { metricTree, paramsTree, propsTree } from "./search-tree.ts"
import type { Tree } from "./stream-codec.ts"
import { sendStream } from "./streaming.ts"

interface Options {
  readonly skipSystem: boolean
  readonly excludeParams: boolean
  readonly excludeTraces: boolean
}

/** Everything is refused, and everything found, before the first byte is sent. */
export const runSearch = (gateway: SearchGateway) => async (request: FastifyRequest, reply: FastifyReply) => {
  const limit = integerParameter(request, "limit", 0, { least: 0 })
  const offset = textParameter(request, "offset") ?? ""
  const progress = new Progress(booleanParameter(request, "report_progress", true))
  const options = optionsIn(request)
  const sort = parseSort(textParameter(request, "sort") ?? "")
  const search = new Search(gateway, queryIn(request, null, gateway.clock()), request, reply)
  const found = await search.runs(sort)
  const first = offset === "" ? 0 : after(found, offset)
  const runs = found.slice(first, limit === 0 ? undefined : first + limit)
  const total = found.length
  return sendStream(
    reply,
    pagesOf(search, {
      runs,
      begin: (writer) => total > 0 && progress.frame(writer, 0, total),
      write: async (loader, i, writer) => {
        const run = await runTree(loader, runs[i]!, options)
        if (run !== undefined) writer.write(run, [runs[i]!])
        return "done"
      },
      after: (writer, i) => progress.frame(writer, first + i + 1, total),
      end: (writer) => progress.frame(writer, 0, 0),
    }),
  )
}

const optionsIn = (request: FastifyRequest): Options => ({
  skipSystem: booleanParameter(request, "skip_system", true),
  excludeParams: booleanParameter(request, "exclude_params", false),
  excludeTraces: booleanParameter(request, "exclude_traces", false),
})

/** Where the page after a run begins; at the end where the run is not among them. */
const after = (runs: readonly string[], run: string): number => {
  const at = runs.indexOf(run)
  return at === -1 ? runs.length : at + 1
}

const runTree = async (loader: RunLoader, id: string, options: Options): Promise<Tree | undefined> => {
  const needs = { attributes: !options.excludeParams, metrics: !options.excludeTraces, tags: true }
  const run = await loader.load(id, needs)
  if (run === undefined) return undefined
  return {
    params: paramsTree(run.attributes ?? new Map(), options.skipSystem),
    traces: { metric: (run.traces ?? []).filter(({ kind }) => kind === "metric").map(metricTree) },
    props: propsTree(run.fields, run.experiment, run.tags ?? []),
  }
}
