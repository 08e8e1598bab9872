import { freshFolder } from "../support/folders.ts"
import { type Engines, startCluster, startEngines } from "../support/cluster.ts"
import { pythonClientScenario } from "../scenarios/python-client.ts"
import { afterAll } from "vitest"

let engines: Engines | undefined
afterAll(() => engines?.dispose())

pythonClientScenario("Kafka, a registry and S3, a process for each role", async (folder) => {
  engines = await startEngines(freshFolder())
  return startCluster(folder, engines, { projectors: 2 })
})
