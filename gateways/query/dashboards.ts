/** Dashboards: saved pages, each over one app. */
import type { FastifyInstance } from "fastify"
import { bodies } from "../../domain/commands.ts"
import { float } from "../../domain/value.ts"
import {
  entities,
  entityById,
  type EntityView,
  isArchived,
  nullableTextOf,
  numberIn,
  textOf,
} from "../../projections/entity-view.ts"
import type { Rows } from "../../projections/rows.ts"
import { command } from "./commanding.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, sendJson } from "./json-body.ts"
import { idIn, isId } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

export const dashboardRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    const read = (id: string): Promise<Tree> =>
      gateway.read(async (rows) => {
        const found = await entityById(rows, "dashboards", id)
        if (found === undefined) throw notFound(`Dashboard ${id} not found`)
        return dashboardTree(rows, found)
      })

    app.get("/dashboards", async (_request, reply) => {
      const shown = await gateway.read(async (rows) => {
        const all = await entities(rows, "dashboards")
        return Promise.all(all.filter((one) => !isArchived(one)).map((one) => dashboardTree(rows, one)))
      })
      return sendJson(reply, shown)
    })

    app.post("/dashboards", async (request, reply) => {
      const { name, description, app_id: appId } = bodyOf(request, bodies.createDashboard)
      const id = gateway.newId()
      const wanted = { _tag: "CreateDashboard", id, name, description: description ?? "", appId: appId ?? null } as const
      return command(gateway, request, reply, wanted, async () => sendJson(reply, await read(id), 201))
    })

    app.get("/dashboards/:id", async (request, reply) => sendJson(reply, await read(idIn(request))))

    app.put("/dashboards/:id", async (request, reply) => {
      const id = idIn(request)
      const { name = null, description = null } = bodyOf(request, bodies.updateDashboard)
      return command(gateway, request, reply, { _tag: "EditDashboard", id, name, description }, async () =>
        sendJson(reply, await read(id)),
      )
    })

    app.delete("/dashboards/:id", async (request, reply) =>
      command(gateway, request, reply, { _tag: "DeleteDashboard", id: idIn(request) }, () => reply.code(204).send()),
    )
  }

const dashboardTree = async (rows: Rows, dashboard: EntityView): Promise<Tree> => {
  const appId = nullableTextOf(dashboard, "app_id")
  const app = appId === null || !isId(appId) ? undefined : await entityById(rows, "dashboard_apps", appId)
  return {
    id: dashboard.id,
    name: textOf(dashboard, "name"),
    description: textOf(dashboard, "description"),
    app_id: appId,
    app_type: app === undefined ? null : nullableTextOf(app, "type"),
    updated_at: float(numberIn(dashboard, "updated_at") ?? 0),
    created_at: float(numberIn(dashboard, "created_at") ?? 0),
  }
}
