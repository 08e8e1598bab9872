/** `GET /`: the page that tells what runs here. */
import type { FastifyInstance, FastifyRequest } from "fastify"
import { readFile } from "node:fs/promises"
import { canonicalJson } from "../../domain/context.ts"
import { partitionName } from "../../domain/ports/event-log.ts"
import type { ValueMap } from "../../domain/value.ts"
import type { LiveFeed } from "../../projections/live-feed.ts"
import { countRuns, newestRuns } from "../../projections/project-view.ts"
import type { Rows } from "../../projections/rows.ts"
import type { TraceView } from "../../projections/run-view.ts"
import { type LoadedRun, RunLoader } from "../../projections/search-facts.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { homePage, homePolicy, type HomeData, type HomeRun } from "./home-page.ts"

export interface HomeOptions {
  readonly version: string
  /** Where the ingestion gateway is reached. */
  readonly ingestionUrl: () => string
}

export const defaultHomeOptions: HomeOptions = { version: "", ingestionUrl: () => "http://localhost:53801" }

const mostRuns = 20
const mostMetrics = 3
/** Milliseconds for which all who ask are shown the same: reading it costs more the more runs there are. */
const keptMillis = 1_000

type State = Pick<HomeData, "runs" | "activeRuns" | "behind" | "newest">

export const homeRoutes =
  (gateway: Gateway, feed: LiveFeed, options: HomeOptions) =>
  async (app: FastifyInstance): Promise<void> => {
    const stateNow = kept(() => readState(gateway, feed))

    app.get("/", async (request, reply) => {
      const state = await stateNow()
      const address = `${request.protocol}://${request.host}`
      const urls = { backendUrl: address, ingestionUrl: reachedFrom(request, options.ingestionUrl()) }
      reply.type("text/html; charset=utf-8").header("content-security-policy", homePolicy).header("cache-control", "no-store")
      reply.header("x-content-type-options", "nosniff").header("referrer-policy", "no-referrer")
      return reply.send(homePage({ version: options.version, ...urls, ...state }))
    })

    app.get("/docs/web-ui.md", async (_request, reply) =>
      reply.type("text/plain; charset=utf-8").send(await readFile(webUi, "utf8").catch(noFile)),
    )
  }

const webUi = new URL("../../docs/web-ui.md", import.meta.url)

const noFile = (): never => {
  throw notFound("this installation has no documentation in it")
}

const kept = <A>(read: () => Promise<A>): (() => Promise<A>) => {
  let last: { readonly at: number; readonly answer: Promise<A> } | undefined
  return () => {
    if (last === undefined || performance.now() - last.at > keptMillis) {
      const answer = read()
      last = { at: performance.now(), answer }
      answer.catch(() => (last = undefined))
    }
    return last.answer
  }
}

/** Who has come from another machine reaches the ingestion gateway by the same name, not by this machine's own. */
const reachedFrom = (request: FastifyRequest, url: string): string => {
  const reached = new URL(url)
  if (!/^(localhost|127\..*|\[::1\])$/.test(reached.hostname)) return url
  reached.hostname = request.hostname
  return reached.origin
}

const readState = async (gateway: Gateway, feed: LiveFeed): Promise<State> => {
  const ends = await gateway.run(feed.ends)
  const shown = await gateway.run(feed.shown)
  const behind = ends.reduce((sum, end) => sum + Math.max(0, end.offset - (shown.get(partitionName(end)) ?? 0)), 0)
  return gateway.read(async (rows) => {
    const { runs, active } = await countRuns(rows)
    return { runs, activeRuns: active, behind, newest: await homeRuns(rows) }
  })
}

const homeRuns = async (rows: Rows): Promise<readonly HomeRun[]> => {
  const loader = new RunLoader(rows)
  const loaded: HomeRun[] = []
  for (const { id } of await newestRuns(rows, mostRuns)) {
    const run = await loader.load(id, { attributes: false, metrics: true, tags: false })
    if (run !== undefined) loaded.push(homeRun(run))
  }
  return loaded
}

const homeRun = ({ fields, experiment, traces }: LoadedRun): HomeRun => {
  // What the client measures of its machine is not what the run is about.
  const metrics = (traces ?? []).filter(({ kind, name }) => kind === "metric" && !name.startsWith("__"))
  return {
    id: fields.id,
    name: fields.name,
    experiment: experiment?.name ?? null,
    active: fields.active,
    createdAt: fields.createdAt,
    metrics: metrics.toSorted(byName).slice(0, mostMetrics).map(homeMetric),
    others: Math.max(0, metrics.length - mostMetrics),
  }
}

const byName = (a: TraceView, b: TraceView): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.contextId - b.contextId)

const homeMetric = ({ name, context, last, lastStep }: TraceView) => ({ name, context: contextText(context), last, lastStep })

const contextText = (context: ValueMap): string => {
  const text = [...context].map(([key, value]) => (typeof value === "string" ? `${key}=${value}` : null))
  return text.includes(null) ? canonicalJson(context) : text.join(" ")
}
