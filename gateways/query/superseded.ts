/** What the rewinds of a run took away. */
import { Effect, Semaphore } from "effect"
import type { FastifyInstance } from "fastify"
import { contextId } from "../../domain/context.ts"
import { decodeValue } from "../../domain/msgpack.ts"
import { positionName } from "../../domain/positions.ts"
import type { SupersededSequence } from "../../domain/superseded.ts"
import { float, type ValueMap } from "../../domain/value.ts"
import type { Recorded } from "../../events/index.ts"
import type { HistorySources } from "../../projections/history-read.ts"
import type { Stream } from "../../projections/positions.ts"
import { rewindsOf, supersededBy } from "../../projections/superseded-read.ts"
import { signalOf } from "./abort.ts"
import * as parameters from "./api-parameters.ts"
import { HttpFault, notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { isKnown } from "./history.ts"
import { sendJson } from "./json-body.ts"
import { idIn } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

export const supersededRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    const turns = Semaphore.makeUnsafe(mostReplays)
    const sources = (signal: AbortSignal): HistorySources => ({
      read: gateway.read,
      recordsAt: (positions) => gateway.recordsAt(positions, signal),
    })

    app.get("/runs/:id/superseded", async (request, reply) => {
      const from = parameters.historyCursor.read(request) ?? 0
      const stream = streamOf(idIn(request))
      const { rewinds, next } = await rewindsOf(sources(signalOf(reply)), stream, from)
      if (rewinds.length === 0 && !(await gateway.read((rows) => isKnown(rows, stream))))
        throw notFound(`nothing is known of the run ${stream.id}`)
      return sendJson(reply, { rewinds: rewinds.map(rewindTree), next })
    })

    app.get("/runs/:id/superseded/:offset", async (request, reply) => {
      const id = idIn(request)
      const place = idIn(request, "offset")
      const offset = /^\d{1,15}$/.test(place) ? Number(place) : Number.NaN
      const name = parameters.sequenceName.read(request)
      const context = parameters.sequenceContext.read(request)
      const limit = parameters.pointLimit.read(request)
      const after = parameters.stepCursor.read(request) ?? Number.NEGATIVE_INFINITY
      const only = name === undefined ? null : { name, contextId: contextId(context) }
      const signal = signalOf(reply)
      const replay = Effect.tryPromise({
        try: () => supersededBy(sources(signal), streamOf(id), offset, only),
        catch: (fault) => fault,
      })
      const found = await gateway.run(turns.withPermit(replay), signal)
      if (found === "no-rewind") throw notFound(`Run ${id} was not rewound at ${place}`)
      if (found === "too-much") throw tooMuch
      if (only === null) return sendJson(reply, { sequences: found.map(sequenceTree) })
      return sendJson(reply, pointsTree(only.name, context, found[0], { after, limit }))
    })
  }

/** Each may hold two million points; the others wait their turn. */
const mostReplays = 2

const tooMuch = new HttpFault(
  413,
  "Too much was logged before this rewind to gather what it dropped: more than 200,000 events, or 2,000,000 points at once",
)

const streamOf = (id: string): Stream => ({ topic: "data-ingestion", kind: "run", id })

const rewindTree = ({ position, meta, data }: Recorded<"RunRewound">): Tree => ({
  position: positionName(position),
  offset: position.offset,
  id: meta.id,
  at: float(meta.at),
  server_time: float(meta.serverTime),
  actor: meta.actor,
  cause: meta.cause,
  step: data.step,
})

const sequenceTree = ({ name, context, kind, points }: SupersededSequence): Tree => ({
  name,
  context: decodeValue(context),
  kind,
  count: points.length,
  first_step: points[0]?.step ?? null,
  last_step: points.at(-1)?.step ?? null,
})

interface PointsPage {
  readonly after: number
  readonly limit: number
}

const pointsTree = (
  name: string,
  context: ValueMap,
  sequence: SupersededSequence | undefined,
  { after, limit }: PointsPage,
): Tree => {
  const left = (sequence?.points ?? []).filter(({ step }) => step > after)
  const page = left.slice(0, limit)
  return {
    name,
    context,
    iters: page.map(({ step }) => step),
    values: page.map(({ value }) => (value === null ? null : float(value))),
    timestamps: page.map(({ time }) => float(time)),
    epochs: page.map(({ epoch }) => epoch),
    next: left.length > page.length ? (page.at(-1)?.step ?? null) : null,
  }
}
