/** The routes that answer with binary trees: searches, and chosen sequences of runs. */
import type { FastifyInstance } from "fastify"
import { activeRuns } from "./active.ts"
import { alignMetrics } from "./align.ts"
import { metricSearch } from "./metric-search.ts"
import { objectBatch, objectStep } from "./object-batch.ts"
import { objectKinds } from "./object-kinds.ts"
import { objectSearch } from "./object-search.ts"
import { runSearch } from "./run-search.ts"
import type { SearchGateway } from "./search.ts"
import { seriesRoutes } from "./series.ts"

export const searchRoutes =
  (gateway: SearchGateway) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get("/runs/search/run", runSearch(gateway))
    app.get("/runs/search/metric", metricSearch(gateway))
    app.post("/runs/search/metric/align", alignMetrics(gateway))
    app.get("/runs/active", activeRuns(gateway))
    await app.register(seriesRoutes(gateway))
    for (const kind of objectKinds) {
      app.get(`/runs/search/${kind.name}`, objectSearch(gateway, kind))
      app.post(`/runs/:id/${kind.name}/get-batch`, objectBatch(gateway, kind))
      app.post(`/runs/:id/${kind.name}/get-step`, objectStep(gateway, kind))
    }
  }
