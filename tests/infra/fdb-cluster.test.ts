/** The suite of all stores and Law 7 on a real cluster. */
import { describe } from "vitest"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { keyValueStoreSuite } from "../conformance/key-value-store.suite.ts"
import { lawSeven } from "../support/fdb/law-seven.ts"
import { realClusterFile, realInstallations } from "../support/fdb/real-cluster.ts"

const clusterFile = realClusterFile()

describe.skipIf(clusterFile === undefined)("a real FoundationDB", () => {
  const installation = realInstallations(clusterFile ?? "")
  keyValueStoreSuite("fdb", {
    fresh: () => fdbStore(installation()),
  })
  lawSeven("FoundationDB", () => fdbStore(installation()), 10)
})
