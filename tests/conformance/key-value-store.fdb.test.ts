/** The FoundationDB store over the client library's own JavaScript and a cluster in memory: not a real cluster. */
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { seededFaults } from "../support/fdb/faults.ts"
import { standInCluster } from "../support/fdb/stand-in.ts"
import { keyValueStoreSuite } from "./key-value-store.suite.ts"

keyValueStoreSuite("fdb, stand-in", { fresh: () => fdbStore({ clusterFile: standInCluster().clusterFile, root: ["suite"] }) })

keyValueStoreSuite("fdb, stand-in with faults", {
  fresh: () => {
    const { cluster, clusterFile } = standInCluster()
    cluster.faults = seededFaults(1)
    return fdbStore({ clusterFile, root: ["suite"] })
  },
})
