/** The program on a real cluster: also killed, begun again, and verified. */
import { describe, expect, it, onTestFinished } from "vitest"
import { realClusterFile, realInstallations } from "../support/fdb/real-cluster.ts"
import { logAndAsk } from "../support/fdb/serving.ts"
import { freshFolder } from "../support/folders.ts"
import { endAll, startServer } from "../support/server.ts"

const clusterFile = realClusterFile()

describe.skipIf(clusterFile === undefined)("a real FoundationDB", () => {
  const installation = realInstallations(clusterFile ?? "")

  it("Law 1: serves, is killed and begun again, and holds what the log says", async () => {
    onTestFinished(endAll)
    const { root = [] } = installation()
    const server = await startServer(freshFolder(), {
      FDB_CLUSTER_FILE: clusterFile ?? "",
      MATYAN_FDB_ROOT: root.join(","),
      BLOB_URI_SECRET: Buffer.alloc(32, 1).toString("base64url"),
      MATYAN_PROJECTOR_THREAD: "false",
    })
    await logAndAsk(server)
    await server.kill()
    const again = await server.restart()
    expect(await again.verify()).toMatch(/^equal: \d+ rows/)
    await again.stop()
  })
})
