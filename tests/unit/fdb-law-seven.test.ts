/** Law 7 on a cluster in memory, under the client library's own JavaScript: not a real cluster. */
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { seededFaults } from "../support/fdb/faults.ts"
import { lawSeven } from "../support/fdb/law-seven.ts"
import { standInCluster } from "../support/fdb/stand-in.ts"

lawSeven("a stand-in of FoundationDB", () => fdbStore({ clusterFile: standInCluster().clusterFile }), 10)

lawSeven(
  "a stand-in of FoundationDB with faults",
  () => {
    const { cluster, clusterFile } = standInCluster()
    cluster.faults = seededFaults(7)
    return fdbStore({ clusterFile })
  },
  5,
)
