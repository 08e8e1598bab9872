/** From a route to a command and back: what is answered when it is done, refused, or not seen yet. */
import type { FastifyReply, FastifyRequest } from "fastify"
import type { Command } from "../../domain/commands.ts"
import type { Refusal } from "../../domain/refusals.ts"
import type { AnyFact } from "../../events/index.ts"
import { positionName } from "../../domain/positions.ts"
import type { Outcome } from "../dispatch.ts"
import { refusalText, statusOf } from "../refusals.ts"
import { HttpFault } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { sendJson } from "./json-body.ts"

export type Done = Extract<Outcome, { readonly _tag: "Done" }>

/**
 * Dispatches the command and sends the answer to what was done, with its positions, so that whoever asks another gateway
 * can wait for them. 202 where the projections are behind; the refusal's status where it was refused.
 */
export const command = async (
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  wanted: Command,
  answer: (done: Done) => FastifyReply | Promise<FastifyReply>,
): Promise<FastifyReply> => {
  const outcome = await gateway.dispatch(wanted, request.id)
  if (outcome._tag === "Refused") throw refusalFault(outcome.refused)
  const positions = outcome.positions.map(positionName)
  if (positions.length > 0) reply.header("x-matyan-position", positions.join(","))
  if (outcome._tag === "Done") return answer(outcome)
  const id = wanted._tag.startsWith("Create") ? idIn(outcome.facts) : undefined
  if (id === undefined) return sendJson(reply, { status: "accepted", positions }, 202)
  return sendJson(reply.header("x-matyan-id", id), { status: "accepted", positions, id }, 202)
}

const refusalFault = (refused: Refusal): HttpFault => {
  const status = statusOf[refused._tag]
  const text = refusalText(refused)
  return status === 404 ? new HttpFault(404, "Not Found", text) : new HttpFault(status, text)
}

/** The id of the entity that a creation made, which may have been bound to its name. */
export const createdId = ({ facts }: Done): string => {
  const id = idIn(facts)
  if (id === undefined) throw new Error("a creation stated nothing that has an id")
  return id
}

const idIn = (facts: readonly AnyFact[]): string | undefined => {
  for (const { data } of facts) {
    if ("tagId" in data) return data.tagId
    if ("id" in data) return data.id
  }
  return undefined
}
