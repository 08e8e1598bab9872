/** Dead letters: what they are, and giving one up. Retrying them is a rebuild, which the command line does. */
import type { FastifyInstance, FastifyRequest } from "fastify"
import { bodies } from "../../domain/commands.ts"
import { float } from "../../domain/value.ts"
import type { Position } from "../../events/index.ts"
import { type DeadLetter, deadLetterAt, deadLetters } from "../../projections/dead-letters.ts"
import { positionName, positionNamed } from "../../domain/positions.ts"
import { command } from "./commanding.ts"
import { notFound } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { bodyOf, sendJson } from "./json-body.ts"
import type { Tree } from "./stream-codec.ts"

export const deadLetterRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    const read = async (position: Position): Promise<Tree> => {
      const found = await gateway.read((rows) => deadLetterAt(rows, position))
      if (found === undefined) throw notFound(`DeadLetter ${positionName(position)} not found`)
      return letterTree(found)
    }

    app.get("/dead-letters", async (_request, reply) =>
      sendJson(reply, (await gateway.read((rows) => deadLetters(rows))).map(letterTree)),
    )

    app.get("/dead-letters/:topic/:partition/:offset", async (request, reply) => sendJson(reply, await read(positionIn(request))))

    app.post("/dead-letters/:topic/:partition/:offset/discard", async (request, reply) => {
      const reason = bodyOf(request, bodies.discardDeadLetter).reason.trim()
      const position = positionIn(request)
      return command(gateway, request, reply, { _tag: "DiscardDeadLetter", position, reason }, async () =>
        sendJson(reply, await read(position)),
      )
    })
  }

const positionIn = (request: FastifyRequest): Position => {
  const { topic, partition, offset } = request.params as Readonly<Record<string, string>>
  const position = positionNamed(`${topic}/${partition}/${offset}`)
  if (position === undefined) throw notFound(`${topic}/${partition}/${offset} is no position of the log`)
  return position
}

const letterTree = ({ position, type, key, reason, appendedAt, buriedAt, discarded }: DeadLetter): Tree => ({
  position: positionName(position),
  type,
  key,
  reason,
  appended_at: appendedAt === null ? null : float(appendedAt),
  buried_at: float(buriedAt),
  discarded: discarded === null ? null : { at: float(discarded.at), reason: discarded.reason },
})
