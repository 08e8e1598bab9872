/** Which protocol is spoken here: clients compare it with their own. */
import type { FastifyInstance } from "fastify"

/** The release of the protocol that clients expect. */
export const spoken = { version: "0.3.0", component: "backend", fdb_api_version: 730 } as const

export const versionRoutes = async (app: FastifyInstance): Promise<void> => {
  app.get("/version", async () => spoken)
}
