/**
 * To be loaded before the program: then it finds a cluster in its own memory by the cluster file `in-memory:0`. The variable
 * `STAND_IN_SEED` makes it fail as the seed says.
 */
import { seededFaults } from "./faults.ts"
import { standInCluster } from "./stand-in.ts"

const { cluster } = standInCluster()
const seed = process.env["STAND_IN_SEED"]
if (seed !== undefined) cluster.faults = seededFaults(Number(seed))
