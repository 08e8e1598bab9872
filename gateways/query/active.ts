/** `GET /runs/active`: what is running now, with the last values of every sequence. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { compile } from "../../domain/query/index.ts"
import { float } from "../../domain/value.ts"
import type { RunLoader } from "../../projections/search-facts.ts"
import * as parameters from "./api-parameters.ts"
import { Search, type SearchGateway } from "./search.ts"
import { pagesOf, Progress } from "./search-pages.ts"
import { propsTree } from "./search-tree.ts"
import type { Tree } from "./stream-codec.ts"
import { sendStream } from "./streaming.ts"

/** In the order of run ids, archived ones too; objects and logs count as metrics whose last value is 0. */
export const activeRuns = (gateway: SearchGateway) => async (request: FastifyRequest, reply: FastifyReply) => {
  const progress = new Progress(parameters.reportProgress.read(request))
  const search = new Search(gateway, activeQuery, request, reply)
  const { runs } = await search.page([{ field: "hash", descending: false }], 0, "")
  return sendStream(
    reply,
    pagesOf(search, {
      runs,
      write: async (loader, i, writer) => {
        const run = await activeTree(loader, runs[i]!)
        if (run !== undefined) writer.write(run, [runs[i]!])
        return "done"
      },
      after: (writer, i) => progress.frame(writer, i + 1, runs.length),
    }),
  )
}

const compiled = compile("run.active == True and run.archived in (True, False)", { timezoneOffsetMinutes: 0, sequenceName: null })
if ("refused" in compiled) throw new Error("the query for active runs is refused")
const activeQuery = compiled.query

const activeTree = async (loader: RunLoader, id: string): Promise<Tree | undefined> => {
  const run = await loader.load(id, { attributes: false, metrics: true, tags: true })
  if (run === undefined) return undefined
  const metric = (run.traces ?? []).map(({ name, context, kind, last, lastStep }) => {
    const value = kind === "metric" ? last : 0
    return { name, context, values: { last: value === null ? null : float(value), last_step: lastStep } }
  })
  return { traces: { metric }, props: propsTree(run.fields, run.experiment, run.tags ?? []) }
}
