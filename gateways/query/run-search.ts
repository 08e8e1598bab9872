/** `GET /runs/search/run`: runs with their parameters, fields and the last values of their metrics. */
import type { FastifyReply, FastifyRequest } from "fastify"
import type { DatedRun } from "../../projections/search-dates.ts"
import type { RunLoader } from "../../projections/search-facts.ts"
import * as parameters from "./api-parameters.ts"
import { badRequest } from "./errors.ts"
import { sendJson } from "./json-body.ts"
import { type RunPage, Search, type SearchGateway } from "./search.ts"
import { explanation } from "./search-explain.ts"
import { answerWith, pagesOf, Progress } from "./search-pages.ts"
import { queryIn } from "./search-query.ts"
import { openCursor, sealCursor } from "./search-cursor.ts"
import { isByDate, parseSort, type SortKey } from "./search-sort.ts"
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
  const limit = parameters.runLimit.read(request)
  const progress = new Progress(parameters.reportProgress.read(request))
  const options = optionsIn(request)
  const sort = parseSort(parameters.runSort.read(request) ?? "")
  const cursor = cursorIn(request, sort, gateway.blobSecret)
  const search = new Search(gateway, queryIn(request, null, gateway.clock()), request, reply)
  const offset = parameters.runOffset.read(request) ?? ""
  if (parameters.explain.read(request)) {
    const find = async () =>
      cursor === undefined
        ? (await search.page(sort, limit, offset)).total
        : (await pageByCursor(search, limit, cursor, () => undefined)).total
    return sendJson(reply, await explanation(search, find))
  }
  const pages = ({ runs, first, total }: RunPage) =>
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
    })
  if (cursor === undefined) return answerWith(reply, search, progress, search.page(sort, limit, offset), pages)
  const tellNext = (last: DatedRun) => reply.header(nextCursor, sealCursor(last, gateway.blobSecret))
  return sendStream(reply, pages(await pageByCursor(search, limit, cursor, tellNext)))
}

/** The header that tells where the next page begins; without it there is none. */
const nextCursor = "x-next-cursor"

/** No more matches are looked for than the page has and one; what the page holds is its total. */
const pageByCursor = async (
  search: Search,
  limit: number,
  cursor: DatedRun | null,
  tellNext: (last: DatedRun) => void,
): Promise<RunPage> => {
  const found = await search.newest(limit === 0 ? Infinity : limit + 1, cursor)
  const page = limit === 0 ? found : found.slice(0, limit)
  const last = page.at(-1)
  if (last !== undefined && found.length > page.length) tellNext(last)
  return { runs: page.map(({ run }) => run), first: 0, total: page.length }
}

/** Undefined without the parameter, null for the first page; 400 for what is no cursor of ours, or does not go with the rest. */
const cursorIn = (request: FastifyRequest, sort: readonly SortKey[], secret: string): DatedRun | null | undefined => {
  const text = parameters.runCursor.read(request)
  if (text === undefined) return undefined
  if (!isByDate(sort) || sort[0]?.descending !== true) throw badRequest("cursor goes only with the newest runs first")
  if (parameters.runOffset.read(request)) throw badRequest("cursor and offset exclude each other")
  if (text === "") return null
  const opened = openCursor(text, secret)
  if (opened === undefined) throw badRequest("cursor is not one that this gateway gave")
  return opened
}

const optionsIn = (request: FastifyRequest): Options => ({
  skipSystem: parameters.skipSystem.read(request),
  excludeParams: parameters.excludeParams.read(request),
  excludeTraces: parameters.excludeTraces.read(request),
})

const runTree = async (loader: RunLoader, id: string, options: Options): Promise<Tree | undefined> => {
  const needs = { attributes: !options.excludeParams, system: !options.skipSystem, metrics: !options.excludeTraces, tags: true }
  const run = await loader.load(id, needs)
  if (run === undefined) return undefined
  return {
    params: paramsTree(run.attributes ?? new Map(), options.skipSystem),
    traces: { metric: (run.traces ?? []).filter(({ kind }) => kind === "metric").map(metricTree) },
    props: propsTree(run.fields, run.experiment, run.tags ?? []),
  }
}
