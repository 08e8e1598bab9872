/** Who changed what and when, of a run and of every entity. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import type { Change, Omitted } from "../../domain/history.ts"
import type { Points } from "../../domain/history-events.ts"
import { decodeValue } from "../../domain/msgpack.ts"
import { positionName } from "../../domain/positions.ts"
import { float, type Value } from "../../domain/value.ts"
import { type Entry, type HistoryPage, readHistory } from "../../projections/history-read.ts"
import { positionCount, type Stream } from "../../projections/positions.ts"
import { type SubjectKind, theProject } from "../../projections/subjects.ts"
import { isRun, isTombstoned } from "../../projections/run-presence.ts"
import { signalOf } from "./abort.ts"
import * as parameters from "./api-parameters.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { sendJson } from "./json-body.ts"
import { idIn } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

/** By what they are called in addresses. */
const kinds = {
  runs: "run",
  experiments: "experiment",
  tags: "tag",
  notes: "note",
  dashboards: "dashboard",
  apps: "app",
  reports: "report",
} as const satisfies Readonly<Record<string, SubjectKind>>

export const historyRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    const page = async (request: FastifyRequest, reply: FastifyReply, stream: Stream): Promise<HistoryPage> => {
      const signal = signalOf(reply)
      const sources = {
        read: gateway.read,
        recordsAt: (positions: Parameters<Gateway["recordsAt"]>[0]) => gateway.recordsAt(positions, signal),
      }
      const found = await readHistory(sources, stream, {
        from: parameters.historyCursor.read(request) ?? null,
        limit: parameters.historyLimit.read(request),
        newestFirst: parameters.historyOrder.read(request) !== "oldest",
      })
      if (found.entries.length === 0 && !(await gateway.read((rows) => isKnown(rows, stream))))
        throw notFound(`nothing is known of the ${stream.kind} ${stream.id}`)
      return found
    }

    for (const [name, kind] of Object.entries(kinds))
      app.get(`/${name}/:id/history`, async (request, reply) => {
        const ofRun = kind === "run" && parameters.historyStream.read(request) !== "control"
        const topic = ofRun ? "data-ingestion" : "control-events"
        return sendJson(reply, pageTree(await page(request, reply, { topic, kind, id: idIn(request) })))
      })

    app.get("/projects/history", async (request, reply) =>
      sendJson(reply, pageTree(await page(request, reply, { topic: "control-events", ...theProject }))),
    )
  }

/** Whether there is, or was, such a thing; an experiment or tag that only runs spoke of has no events of its own. */
export const isKnown = async (rows: Parameters<typeof positionCount>[0], stream: Stream): Promise<boolean> => {
  const { kind, id } = stream
  if (kind === "project" || (await positionCount(rows, stream)) > 0) return true
  if (kind === "run") return (await isRun(rows, id)) || (await isTombstoned(rows, id))
  return (await rows.under("own", ["entity", kind, id], { limit: 1 })).length > 0
}

const pageTree = ({ entries, next }: HistoryPage): Tree => ({ entries: entries.map(entryTree), next })

const entryTree = (entry: Entry): Tree => {
  const position = positionName(entry.position)
  if ("reason" in entry) return { position, type: entry.type, reason: entry.reason, effect: false, changes: [] }
  const { type, told } = entry
  const { id, at, serverTime, actor, cause } = entry.meta
  return {
    position,
    id,
    at: float(at),
    server_time: float(serverTime),
    actor,
    cause,
    type,
    effect: told.hasEffect,
    changes: told.changes.map(changeTree),
    points: told.points === null ? undefined : pointsTree(told.points),
  }
}

const changeTree = ({ what, before, after }: Change): Tree => ({
  what,
  before: before === undefined ? undefined : valueTree(before),
  after: valueTree(after),
})

const valueTree = (value: Value | Omitted): Tree =>
  typeof value === "object" && value !== null && "omittedBytes" in value ? { omitted_bytes: value.omittedBytes } : value

const pointsTree = ({ kind, name, context, count, firstStep, lastStep }: Points): Tree => ({
  kind,
  name,
  context: decodeValue(context),
  count,
  first_step: firstStep,
  last_step: lastStep,
})
