/** The cluster of `FDB_CLUSTER_FILE`, on which tests leave nothing behind. */
import { randomUUID } from "node:crypto"
import { afterAll } from "vitest"
import { namedBackends } from "../backends.ts"
import type { FdbOptions } from "../../../infra/fdb/options.ts"

/** Above the partitions of all tests. */
const above = "matyan-test"

/** The cluster file; undefined where there is none and none is asked for. Throws where `MATYAN_TEST_BACKENDS` names `fdb`. */
export const realClusterFile = (): string | undefined => {
  const clusterFile = process.env["FDB_CLUSTER_FILE"]
  if (clusterFile !== undefined && clusterFile !== "") return clusterFile
  if (namedBackends()?.has("fdb") === true)
    throw new Error(
      "MATYAN_TEST_BACKENDS names fdb, but FDB_CLUSTER_FILE does not name the cluster file of a running FoundationDB 7.1 or newer",
    )
  process.stderr.write(
    "skipped: no FoundationDB here (FDB_CLUSTER_FILE is not set); the stand-in's tests are in the quick suite\n",
  )
  return undefined
}

/** Options for a new, empty installation in the cluster; all are removed when the file's tests are over. */
export const realInstallations = (clusterFile: string, network: Pick<FdbOptions, "buggify"> = {}) => {
  const made: string[] = []
  afterAll(async () => {
    const { directory, open } = await import("foundationdb")
    const db = open(clusterFile)
    for (const name of made) await directory.removeIfExists(db, [above, name])
    db.close()
  })
  return (): FdbOptions => {
    const name = randomUUID()
    made.push(name)
    return { clusterFile, root: [above, name], ...network }
  }
}
