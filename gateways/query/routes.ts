/** All routes below the API's prefix. */
import type { FastifyInstance } from "fastify"
import { appRoutes } from "./apps.ts"
import { artifactRoutes } from "./artifacts.ts"
import { blobRoutes } from "./blobs.ts"
import { dashboardRoutes } from "./dashboards.ts"
import { deadLetterRoutes } from "./dead-letters.ts"
import { experimentRoutes } from "./experiments.ts"
import type { Gateway } from "./gateway.ts"
import { generationRoutes } from "./generations.ts"
import { historyRoutes } from "./history.ts"
import { noteRoutes } from "./notes.ts"
import { projectRoutes } from "./projects.ts"
import { reportRoutes } from "./reports.ts"
import { runLogRoutes } from "./run-logs.ts"
import { runBatchRoutes, runRoutes } from "./runs.ts"
import { searchRoutes } from "./search-routes.ts"
import { supersededRoutes } from "./superseded.ts"
import { tagRoutes } from "./tags.ts"
import { trashRoutes } from "./trash.ts"
import { versionRoutes } from "./version.ts"

const groups = [
  runRoutes,
  runBatchRoutes,
  runLogRoutes,
  trashRoutes,
  historyRoutes,
  supersededRoutes,
  searchRoutes,
  artifactRoutes,
  blobRoutes,
  experimentRoutes,
  tagRoutes,
  noteRoutes,
  dashboardRoutes,
  appRoutes,
  reportRoutes,
  projectRoutes,
  deadLetterRoutes,
  generationRoutes,
]

export const routes =
  (gateway: Gateway) =>
  async (app: FastifyInstance): Promise<void> => {
    await app.register(versionRoutes)
    for (const group of groups) await app.register(group(gateway))
  }
