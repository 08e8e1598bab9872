/** Which generations there are. Making, changing and removing them is what the command line does. */
import type { FastifyInstance } from "fastify"
import { float } from "../../domain/value.ts"
import { lastText } from "../../projections/as-of-cut.ts"
import type { GenerationInfo } from "../../projections/generation-list.ts"
import type { Gateway } from "./gateway.ts"
import { sendJson } from "./json-body.ts"
import type { Tree } from "./stream-codec.ts"

export const generationRoutes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/generations", async (_request, reply) => sendJson(reply, (await gateway.generations()).map(generationTree)))
  }

const generationTree = ({ id, state, foldVersion, folded, since, keptUntil, asOf }: GenerationInfo): Tree => ({
  id,
  state,
  fold_version: foldVersion,
  folded: folded && Object.fromEntries(folded),
  since: secondsOf(since),
  kept_until: secondsOf(keptUntil),
  as_of: asOf === undefined ? null : { asked: asOf.asked, positions: lastText(asOf.ends), complete: asOf.isComplete },
})

const secondsOf = (millis: number | null | undefined): Tree => (millis == null ? null : float(millis / 1000))
