/** Reports: texts with charts in them. */
import type { FastifyInstance } from "fastify"
import { bodies } from "../../domain/commands.ts"
import { float } from "../../domain/value.ts"
import { entities, entityById, type EntityView, numberIn, textOf } from "../../projections/entity-view.ts"
import { command } from "./commanding.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, sendJson } from "./json-body.ts"
import { idIn } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

export const reportRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    const read = async (id: string): Promise<Tree> => {
      const found = await gateway.read((rows) => entityById(rows, "reports", id))
      if (found === undefined) throw notFound(`Report ${id} not found`)
      return reportTree(found)
    }

    app.get("/reports", async (_request, reply) =>
      sendJson(reply, (await gateway.read((rows) => entities(rows, "reports"))).map(reportTree)),
    )

    app.post("/reports", async (request, reply) => {
      const { name, code, description } = bodyOf(request, bodies.createReport)
      const id = gateway.newId()
      const wanted = { _tag: "CreateReport", id, name, code: code ?? "", description: description ?? "" } as const
      return command(gateway, request, reply, wanted, async () => sendJson(reply, await read(id), 201))
    })

    app.get("/reports/:id", async (request, reply) => sendJson(reply, await read(idIn(request))))

    app.put("/reports/:id", async (request, reply) => {
      const id = idIn(request)
      const { name = null, code = null, description = null } = bodyOf(request, bodies.updateReport)
      return command(gateway, request, reply, { _tag: "EditReport", id, name, code, description }, async () =>
        sendJson(reply, await read(id)),
      )
    })

    app.delete("/reports/:id", async (request, reply) =>
      command(gateway, request, reply, { _tag: "DeleteReport", id: idIn(request) }, () => reply.code(204).send()),
    )
  }

const reportTree = (report: EntityView): Tree => ({
  id: report.id,
  name: textOf(report, "name"),
  code: textOf(report, "code"),
  description: textOf(report, "description"),
  updated_at: float(numberIn(report, "updated_at") ?? 0),
  created_at: float(numberIn(report, "created_at") ?? 0),
})
