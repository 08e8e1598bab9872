/** Tags and the runs that bear them. */
import type { FastifyInstance } from "fastify"
import { bodies } from "../../domain/commands.ts"
import { float } from "../../domain/value.ts"
import {
  entities,
  entitiesNamed,
  entityById,
  type EntityView,
  isArchived,
  numberIn,
  runIdsOf,
  textOf,
} from "../../projections/entity-view.ts"
import type { Rows } from "../../projections/rows.ts"
import { experimentOf } from "../../projections/run-view.ts"
import { nameQuery } from "./api-parameters.ts"
import { command, createdId } from "./commanding.ts"
import { notFound } from "./errors.ts"
import { runsIn } from "./experiments.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, sendJson } from "./json-body.ts"
import { idIn } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

export const tagRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/tags", async (_request, reply) =>
      sendJson(reply, (await gateway.read((rows) => entities(rows, "tags"))).map(tagTree)),
    )

    app.get("/tags/search", async (request, reply) => {
      const text = nameQuery.read(request) ?? ""
      return sendJson(reply, (await gateway.read((rows) => entitiesNamed(rows, "tag", text))).map(tagTree))
    })

    app.post("/tags", async (request, reply) => {
      const { name, color, description } = bodyOf(request, bodies.createTag)
      const wanted = {
        _tag: "CreateTag",
        name: name.trim(),
        color: color?.trim() ?? "",
        description: description?.trim() ?? "",
      } as const
      return command(gateway, request, reply, wanted, (done) => sendJson(reply, { id: createdId(done), status: "OK" }))
    })

    app.get("/tags/:id", async (request, reply) => {
      const id = idIn(request)
      return sendJson(reply, tagTree(await gateway.read((rows) => tagIn(rows, id))))
    })

    app.put("/tags/:id", async (request, reply) => {
      const id = idIn(request)
      const { name = null, color = null, description = null, archived = null } = bodyOf(request, bodies.updateTag)
      const wanted = { _tag: "UpdateTag", id, name: name?.trim() ?? null, color, description, archived } as const
      return command(gateway, request, reply, wanted, () => sendJson(reply, { id, status: "OK" }))
    })

    app.delete("/tags/:id", async (request, reply) =>
      command(gateway, request, reply, { _tag: "DeleteTag", id: idIn(request) }, () => sendJson(reply, null)),
    )

    app.get("/tags/:id/runs", async (request, reply) => {
      const id = idIn(request)
      const runs = await gateway.read(async (rows) => {
        await tagIn(rows, id)
        return taggedRuns(rows, id)
      })
      return sendJson(reply, { id, runs })
    })
  }

const tagIn = async (rows: Rows, id: string): Promise<EntityView> => {
  const found = await entityById(rows, "tags", id)
  if (found === undefined) throw notFound(`Tag ${id} not found`)
  return found
}

const tagTree = (tag: EntityView): Tree => ({
  id: tag.id,
  name: textOf(tag, "name"),
  color: textOf(tag, "color"),
  description: textOf(tag, "description"),
  run_count: numberIn(tag, "run_count") ?? 0,
  archived: isArchived(tag),
})

const taggedRuns = async (rows: Rows, tag: string): Promise<Tree> => {
  const found: Tree[] = []
  for (const run of await runsIn(rows, await runIdsOf(rows, "tag", tag))) {
    const { id, name, createdAt, finalizedAt } = run
    found.push({
      run_id: id,
      name,
      experiment: (await experimentOf(rows, run))?.name ?? null,
      creation_time: float(createdAt),
      end_time: finalizedAt === null ? null : float(finalizedAt),
    })
  }
  return found
}
