/** One run as JSON: what it is, changes to it, and its metrics. */
import type { FastifyInstance } from "fastify"
import { bodies } from "../../domain/commands.ts"
import { samplePoints } from "../../domain/sampling-extremes.ts"
import { float } from "../../domain/value.ts"
import { readMetric } from "../../projections/metric-read.ts"
import type { Rows } from "../../projections/rows.ts"
import { isRun } from "../../projections/run-presence.ts"
import { artifactsOf, attributesOf, experimentOf, runById, tagsOfRun, tracesOf } from "../../projections/run-view.ts"
import * as parameters from "./api-parameters.ts"
import { bucketOf, buckets } from "./buckets.ts"
import { command, createdId } from "./commanding.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, exactBody, sendJson } from "./json-body.ts"
import { idIn, isId, type StepRange } from "./parameters.ts"
import { paramsTree, propsTree } from "./search-tree.ts"
import type { Tree } from "./stream-codec.ts"
import { findTrace, namedTraces, type NamedTrace } from "./traces-in-body.ts"

export const runRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/runs/:id/info", async (request, reply) => {
      const id = idIn(request)
      const skipSystem = parameters.skipSystemInInfo.read(request)
      const wanted = parameters.sequence.read(request)
      const info = await gateway.read((rows) => infoOf(rows, id, skipSystem, wanted, gateway.blobs.uriOf))
      if (info === undefined) throw notFound(`Run ${id} not found`)
      return sendJson(reply, info)
    })

    app.put("/runs/:id", async (request, reply) => {
      const runId = idIn(request)
      const {
        name = null,
        description = null,
        archived = null,
        experiment = null,
        active = null,
      } = bodyOf(request, bodies.updateRun)
      const wanted = {
        _tag: "UpdateRun",
        runId,
        name,
        description,
        archived,
        experiment: experiment?.trim() ?? null,
        active,
      } as const
      return command(gateway, request, reply, wanted, () => sendJson(reply, { id: runId, status: "OK" }))
    })

    app.delete("/runs/:id", async (request, reply) => {
      const runId = idIn(request)
      return command(gateway, request, reply, { _tag: "DeleteRun", runId }, () => sendJson(reply, { id: runId, status: "OK" }))
    })

    app.post("/runs/:id/clear-tombstone", async (request, reply) => {
      const wanted = { _tag: "LiftTombstone", runId: idIn(request) } as const
      return command(gateway, request, reply, wanted, () => reply.code(204).send())
    })

    app.post("/runs/:id/tags/new", async (request, reply) => {
      const runId = idIn(request)
      const name = bodyOf(request, bodies.tagRun).tag_name.trim()
      return command(gateway, request, reply, { _tag: "TagRun", runId, name }, (done) =>
        sendJson(reply, { id: runId, tag_id: createdId(done), status: "OK" }),
      )
    })

    app.delete("/runs/:id/tags/:tagId", async (request, reply) => {
      const wanted = { _tag: "UntagRun", runId: idIn(request), tagId: idIn(request, "tagId") } as const
      return command(gateway, request, reply, wanted, () => sendJson(reply, { id: wanted.runId, removed: true, status: "OK" }))
    })

    app.post("/runs/:id/metric/get-batch", async (request, reply) => {
      const id = idIn(request)
      const range = parameters.recordRange.read(request)
      const density = parameters.recordDensity.read(request)
      const asked = namedTraces(exactBody(request), "body")
      const metrics = await gateway.read(async (rows) =>
        (await isRun(rows, id)) ? metricsOf(rows, id, asked, range, density) : undefined,
      )
      if (metrics === undefined) throw notFound(`Run ${id} not found`)
      return sendJson(reply, metrics)
    })
  }

/** Commands on many runs at once; ids of none are passed over. */
export const runBatchRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.post("/runs/delete-batch", async (request, reply) => {
      const runIds = bodyOf(request, bodies.runIds).filter(isId)
      return command(gateway, request, reply, { _tag: "DeleteRuns", runIds }, () => sendJson(reply, { status: "OK" }))
    })

    app.post("/runs/finish-batch", async (request, reply) => {
      const runIds = bodyOf(request, bodies.runIds).filter(isId)
      return command(gateway, request, reply, { _tag: "FinishRuns", runIds }, () => sendJson(reply, { status: "OK" }))
    })

    app.post("/runs/archive-batch", async (request, reply) => {
      const archived = parameters.archive.read(request)
      const runIds = bodyOf(request, bodies.runIds).filter(isId)
      return command(gateway, request, reply, { _tag: "ArchiveRuns", runIds, archived }, () => sendJson(reply, { status: "OK" }))
    })
  }

const infoOf = async (
  rows: Rows,
  id: string,
  skipSystem: boolean,
  wanted: readonly string[],
  uriOf: (key: string) => string,
): Promise<Tree | undefined> => {
  const run = await runById(rows, id)
  if (run === undefined) return undefined
  const [attributes, traces, artifacts, experiment, tags] = await Promise.all([
    attributesOf(rows, id),
    tracesOf(rows, id),
    artifactsOf(rows, id),
    experimentOf(rows, run),
    tagsOfRun(rows, id),
  ])
  const told = new Map<string, Tree[]>(buckets.filter((bucket) => wanted.includes(bucket)).map((bucket) => [bucket, []]))
  for (const trace of traces) {
    const { context, name, last } = trace
    // What is no metric has no last value; clients know this number in its place.
    const value = trace.kind === "metric" ? last : 0.1
    told.get(bucketOf(trace) ?? "")?.push({ context, name, last_value: value === null ? null : float(value) })
  }
  const shown = artifacts.filter(({ path }) => !path.startsWith("seq/"))
  return {
    params: paramsTree(attributes, skipSystem),
    traces: told,
    props: propsTree(run, experiment, tags),
    artifacts: shown.map(({ path, key }) => ({ name: path.slice(path.lastIndexOf("/") + 1), path, uri: uriOf(key) })),
  }
}

/** The metrics that are there, in the order they were asked for. */
const metricsOf = async (
  rows: Rows,
  run: string,
  asked: readonly NamedTrace[],
  { start, stop }: StepRange,
  density: number,
): Promise<Tree> => {
  const metrics = (await tracesOf(rows, run)).filter(({ kind }) => kind === "metric")
  const found: Tree[] = []
  for (const one of asked) {
    const trace = findTrace(metrics, one)
    if (trace === undefined) continue
    const { steps, values } = await readMetric(rows, run, trace, {
      from: start ?? undefined,
      to: stop ?? undefined,
      choose: (steps, values) => samplePoints(steps, values, density, "records"),
      more: [],
    })
    found.push({ name: trace.name, context: trace.context, iters: [...steps], values: Array.from(values, float) })
  }
  return found
}
