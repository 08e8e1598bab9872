/** Experiments, their runs and what went on in them. */
import type { FastifyInstance } from "fastify"
import { bodies } from "../../domain/commands.ts"
import { float } from "../../domain/value.ts"
import {
  entities,
  entitiesNamed,
  entityById,
  type EntityView,
  hasRun,
  isArchived,
  numberIn,
  runIdsOf,
  textOf,
} from "../../projections/entity-view.ts"
import type { Rows } from "../../projections/rows.ts"
import { runById, type RunFields } from "../../projections/run-view.ts"
import { activityMap } from "./activity.ts"
import * as parameters from "./api-parameters.ts"
import { command, createdId } from "./commanding.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, sendJson } from "./json-body.ts"
import { idIn, isId } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

export const experimentRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/experiments", async (_request, reply) =>
      sendJson(reply, (await gateway.read((rows) => entities(rows, "experiments"))).map(experimentTree)),
    )

    app.get("/experiments/search", async (request, reply) => {
      const text = parameters.nameQuery.read(request) ?? ""
      return sendJson(reply, (await gateway.read((rows) => entitiesNamed(rows, "experiment", text))).map(experimentTree))
    })

    app.post("/experiments", async (request, reply) => {
      const name = bodyOf(request, bodies.createExperiment).name.trim()
      return command(gateway, request, reply, { _tag: "CreateExperiment", name }, (done) =>
        sendJson(reply, { id: createdId(done), status: "OK" }),
      )
    })

    app.get("/experiments/:id", async (request, reply) => {
      const id = idIn(request)
      return sendJson(reply, experimentTree(await gateway.read((rows) => experimentIn(rows, id))))
    })

    app.put("/experiments/:id", async (request, reply) => {
      const id = idIn(request)
      const { name = null, description = null, archived = null } = bodyOf(request, bodies.updateExperiment)
      const wanted = { _tag: "UpdateExperiment", id, name: name?.trim() ?? null, description, archived } as const
      return command(gateway, request, reply, wanted, () => sendJson(reply, { id, status: "OK" }))
    })

    app.delete("/experiments/:id", async (request, reply) =>
      command(gateway, request, reply, { _tag: "DeleteExperiment", id: idIn(request) }, () => sendJson(reply, { status: "OK" })),
    )

    app.get("/experiments/:id/runs", async (request, reply) => {
      const id = idIn(request)
      const limit = parameters.experimentRunLimit.read(request)
      const offset = parameters.experimentRunOffset.read(request) ?? ""
      const runs = await gateway.read(async (rows) => {
        await experimentIn(rows, id)
        const known = isId(offset) && (await hasRun(rows, "experiment", id, offset))
        return runsIn(rows, await runIdsOf(rows, "experiment", id, { after: known ? offset : undefined, limit }))
      })
      return sendJson(reply, { id, runs: runs.map(runTree) })
    })

    app.get("/experiments/:id/activity", async (request, reply) => {
      const id = idIn(request)
      const west = parameters.timezone.read(request)
      const runs = await gateway.read(async (rows) => {
        await experimentIn(rows, id)
        return runsIn(rows, await runIdsOf(rows, "experiment", id))
      })
      return sendJson(reply, {
        num_runs: runs.length,
        num_archived_runs: runs.filter(({ archived }) => archived).length,
        num_active_runs: runs.filter(({ active }) => active).length,
        activity_map: activityMap(runs, west, "hour"),
      })
    })
  }

const experimentIn = async (rows: Rows, id: string): Promise<EntityView> => {
  const found = await entityById(rows, "experiments", id)
  if (found === undefined) throw notFound(`Experiment ${id} not found`)
  return found
}

/** The runs of these ids that are there. */
export const runsIn = async (rows: Rows, ids: readonly string[]): Promise<readonly RunFields[]> => {
  const runs: RunFields[] = []
  for (const id of ids) {
    const run = await runById(rows, id)
    if (run !== undefined) runs.push(run)
  }
  return runs
}

const experimentTree = (experiment: EntityView): Tree => {
  const created = numberIn(experiment, "created_at")
  return {
    id: experiment.id,
    name: textOf(experiment, "name"),
    description: textOf(experiment, "description"),
    run_count: numberIn(experiment, "run_count") ?? 0,
    archived: isArchived(experiment),
    creation_time: created === null ? null : float(created),
  }
}

const runTree = ({ id, name, createdAt, finalizedAt, archived }: RunFields): Tree => ({
  run_id: id,
  name,
  creation_time: float(createdAt),
  end_time: finalizedAt === null ? null : float(finalizedAt),
  archived,
})
