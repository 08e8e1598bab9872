/** Notes on runs and on experiments: one set of routes below either. */
import type { FastifyInstance, FastifyRequest } from "fastify"
import { bodies, type NoteOwner } from "../../domain/commands.ts"
import { float } from "../../domain/value.ts"
import { entityById, type EntityView, noteOn, notesOf, numberIn, textOf } from "../../projections/entity-view.ts"
import type { Rows } from "../../projections/rows.ts"
import { command } from "./commanding.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, sendJson } from "./json-body.ts"
import { idIn } from "./parameters.ts"
import type { Tree } from "./stream-codec.ts"

export const noteRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    for (const kind of ["run", "experiment"] as const) routesBelow(app, gateway, kind)
  }

const routesBelow = (app: FastifyInstance, gateway: Gateway, kind: NoteOwner["kind"]): void => {
  const path = `/${kind}s/:id/note`
  const ownerIn = (request: FastifyRequest): NoteOwner => ({ kind, id: idIn(request) })

  app.get(path, async (request, reply) => {
    const owner = ownerIn(request)
    return sendJson(
      reply,
      (await gateway.read((rows) => notesIn(rows, owner))).map((note) => noteTree(note, owner)),
    )
  })

  app.post(path, async (request, reply) => {
    const id = gateway.newId()
    const content = bodyOf(request, bodies.note).content.trim()
    return command(gateway, request, reply, { _tag: "CreateNote", id, owner: ownerIn(request), content }, ({ at }) =>
      sendJson(reply, { id, created_at: float(at) }, 201),
    )
  })

  app.get(`${path}/:noteId`, async (request, reply) =>
    sendJson(reply, await readNote(gateway, ownerIn(request), idIn(request, "noteId"))),
  )

  app.put(`${path}/:noteId`, async (request, reply) => {
    const owner = ownerIn(request)
    const id = idIn(request, "noteId")
    const content = bodyOf(request, bodies.note).content.trim()
    return command(gateway, request, reply, { _tag: "EditNote", id, owner, content }, async () =>
      sendJson(reply, await readNote(gateway, owner, id)),
    )
  })

  app.delete(`${path}/:noteId`, async (request, reply) => {
    const wanted = { _tag: "DeleteNote", id: idIn(request, "noteId"), owner: ownerIn(request) } as const
    return command(gateway, request, reply, wanted, () => sendJson(reply, { status: "OK" }))
  })
}

/** Of an unknown run there are none, which is no error; of an unknown experiment it is. */
const notesIn = async (rows: Rows, { kind, id }: NoteOwner): Promise<readonly EntityView[]> => {
  if (kind === "experiment" && (await entityById(rows, "experiments", id)) === undefined)
    throw notFound(`Experiment ${id} not found`)
  return notesOf(rows, id)
}

const readNote = async (gateway: Gateway, owner: NoteOwner, id: string): Promise<Tree> => {
  const note = await gateway.read((rows) => noteOn(rows, owner.id, id))
  if (note === undefined) throw notFound(`Note ${id} not found`)
  return { id, content: textOf(note, "content"), updated_at: time(note, "updated_at") }
}

const noteTree = (note: EntityView, { kind, id }: NoteOwner): Tree => ({
  id: note.id,
  content: textOf(note, "content"),
  created_at: time(note, "created_at"),
  updated_at: time(note, "updated_at"),
  [kind === "run" ? "run_hash" : "experiment_id"]: id,
})

const time = (note: EntityView, field: string): Tree => float(numberIn(note, field) ?? 0)
