/** The client library's own faults (its option `client_buggify_enable`) hold for a process, so these tests, Law 7 among them, have one of their own. */
import { describe } from "vitest"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { keyValueStoreSuite } from "../conformance/key-value-store.suite.ts"
import { lawSeven } from "../support/fdb/law-seven.ts"
import { realClusterFile, realInstallations } from "../support/fdb/real-cluster.ts"

const clusterFile = realClusterFile()

describe.skipIf(clusterFile === undefined)("a real FoundationDB whose client makes faults", () => {
  const installation = realInstallations(clusterFile ?? "", { buggify: true })
  keyValueStoreSuite("fdb, buggified", { fresh: () => fdbStore(installation()) })
  lawSeven("FoundationDB", () => fdbStore(installation()), 5)
})
