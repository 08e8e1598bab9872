/** All routes below the API's prefix. */
import type { FastifyInstance } from "fastify"
import type { Gateway } from "./gateway.ts"
import { versionRoutes } from "./version.ts"

export const routes =
  (_gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    await app.register(versionRoutes)
  }
