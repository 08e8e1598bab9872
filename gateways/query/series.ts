/** `/runs/series`: many metrics at once, each in buckets of one grid or point by point, as binary columns. */
import type { FastifyInstance, FastifyReply } from "fastify"
import { Search, type SearchGateway } from "./search.ts"
import { queryIn, queryOf } from "./search-query.ts"
import { SeriesAnswer } from "./series-answer.ts"
import { type SeriesForm, seriesForm, seriesInBody } from "./series-request.ts"
import { type ChosenSeries, matchingSeries, namedSeries } from "./series-choice.ts"
import { sendStream } from "./streaming.ts"

export const seriesRoutes =
  (gateway: SearchGateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/runs/series", async (request, reply) => {
      const form = seriesForm(request)
      const search = new Search(gateway, queryIn(request, "metric", gateway.clock()), request, reply)
      return send(search, await matchingSeries(search), form, reply)
    })

    app.post("/runs/series", async (request, reply) => {
      const form = seriesForm(request)
      const asked = seriesInBody(request)
      const text = typeof asked === "string" ? asked : ""
      const search = new Search(gateway, queryOf(text, request, "metric", gateway.clock()), request, reply)
      const chosen = typeof asked === "string" ? await matchingSeries(search) : await namedSeries(search, asked)
      return send(search, chosen, form, reply)
    })
  }

const send = async (search: Search, chosen: readonly ChosenSeries[], form: SeriesForm, reply: FastifyReply) => {
  const answer = new SeriesAnswer(search, chosen, form)
  // Faults show before the first byte.
  const first = await answer.begin()
  const chunks = async function* () {
    yield* first
    while (answer.goesOn) yield* await answer.page()
  }
  return sendStream(reply, chunks())
}
