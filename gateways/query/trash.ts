/** Going back: deleted runs and bringing them back, and rewinding a run. */
import type { FastifyInstance } from "fastify"
import { bodies } from "../../domain/commands.ts"
import { float } from "../../domain/value.ts"
import { type DeletedRun, deletedRuns } from "../../projections/trash-view.ts"
import * as parameters from "./api-parameters.ts"
import { command } from "./commanding.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, sendJson } from "./json-body.ts"
import { idIn, isId } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

export const trashRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/trash", async (request, reply) => {
      const limit = parameters.trashLimit.read(request)
      const after = parameters.trashCursor.read(request) ?? ""
      const page = after === "" ? { limit } : { limit, after }
      const found = await gateway.read((rows) => deletedRuns(rows, page))
      const last = found.at(-1)
      return sendJson(reply, {
        runs: found.map((run) => deletedTree(run, gateway.trashHours)),
        next: found.length < limit || last === undefined ? null : last.id,
      })
    })

    app.post("/runs/:id/restore", async (request, reply) => {
      const runId = idIn(request)
      return command(gateway, request, reply, { _tag: "RestoreRun", runId }, () => sendJson(reply, { id: runId, status: "OK" }))
    })

    app.post("/runs/restore-batch", async (request, reply) => {
      const runIds = bodyOf(request, bodies.runIds).filter(isId)
      return command(gateway, request, reply, { _tag: "RestoreRuns", runIds }, () => sendJson(reply, { status: "OK" }))
    })

    app.post("/runs/:id/rewind", async (request, reply) => {
      const runId = idIn(request)
      const { step } = bodyOf(request, bodies.rewindRun)
      return command(gateway, request, reply, { _tag: "RewindRun", runId, step }, () =>
        sendJson(reply, { id: runId, status: "OK" }),
      )
    })
  }

const deletedTree = ({ id, name, experiment, deletedAt, isRestorable }: DeletedRun, trashHours: number): Tree => ({
  id,
  name,
  experiment: experiment === null ? null : { id: experiment.id, name: experiment.name },
  deleted_at: float(deletedAt),
  purge_due_at: isRestorable ? float(deletedAt + trashHours * 3_600) : null,
  restorable: isRestorable,
})
