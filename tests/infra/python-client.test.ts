import { afterAll } from "vitest"
import { pythonClientScenario } from "../scenarios/python-client.ts"
import { type Engines, startCluster, startEngines } from "../support/cluster.ts"

let engines: Engines | undefined
afterAll(() => engines?.dispose())

pythonClientScenario("Kafka, a registry and S3, a process for each role", async (folder) => {
  engines = await startEngines()
  // A cluster of one broker has something to warn of at every start.
  return startCluster(folder, engines, { projectors: 2, env: { LOG_LEVEL: "error" } })
})
