/** Apps: the saved states of explorers, kept as they were sent. */
import type { FastifyInstance } from "fastify"
import { bodies } from "../../domain/commands.ts"
import { float, isMap, type Value } from "../../domain/value.ts"
import { entities, entityById, type EntityView, mapIn, numberIn, textOf } from "../../projections/entity-view.ts"
import { command } from "./commanding.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, exactField, sendJson } from "./json-body.ts"
import { idIn } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

export const appRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    const read = async (id: string): Promise<Tree> => {
      const found = await gateway.read((rows) => entityById(rows, "dashboard_apps", id))
      if (found === undefined) throw notFound(`App ${id} not found`)
      return appTree(found)
    }

    app.get("/apps", async (_request, reply) =>
      sendJson(reply, (await gateway.read((rows) => entities(rows, "dashboard_apps"))).map(appTree)),
    )

    app.post("/apps", async (request, reply) => {
      const { type } = bodyOf(request, bodies.createApp)
      const id = gateway.newId()
      const state = mapOf(exactField(request, "state")) ?? new Map<string, Value>()
      return command(gateway, request, reply, { _tag: "CreateApp", id, type, state }, async () =>
        sendJson(reply, await read(id), 201),
      )
    })

    app.get("/apps/:id", async (request, reply) => sendJson(reply, await read(idIn(request))))

    app.put("/apps/:id", async (request, reply) => {
      const id = idIn(request)
      const { type = null } = bodyOf(request, bodies.updateApp)
      const wanted = { _tag: "EditApp", id, type, state: mapOf(exactField(request, "state")) } as const
      return command(gateway, request, reply, wanted, async () => sendJson(reply, await read(id)))
    })

    app.delete("/apps/:id", async (request, reply) =>
      command(gateway, request, reply, { _tag: "DeleteApp", id: idIn(request) }, () => reply.code(204).send()),
    )
  }

const mapOf = (value: Value | undefined) => (isMap(value) ? value : null)

const appTree = (app: EntityView): Tree => ({
  id: app.id,
  type: textOf(app, "type"),
  updated_at: float(numberIn(app, "updated_at") ?? 0),
  created_at: float(numberIn(app, "created_at") ?? 0),
  state: mapIn(app, "state"),
})
