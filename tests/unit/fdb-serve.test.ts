/** The program on the stand-in of FoundationDB: the wiring of settings, engine and roles; not a real cluster. */
import { afterEach, it } from "vitest"
import { logAndAsk } from "../support/fdb/serving.ts"
import { freshFolder } from "../support/folders.ts"
import { endAll, startServer } from "../support/server.ts"

afterEach(endAll)

it.each([
  ["", {}],
  [", which fails a third of all tries", { STAND_IN_SEED: "3" }],
])("serves from FoundationDB, chosen by its cluster file%s", async (_, env) => {
  const server = await startServer(freshFolder(), {
    NODE_OPTIONS: `--import ${new URL("../support/fdb/preload.ts", import.meta.url).href}`,
    FDB_CLUSTER_FILE: "in-memory:0",
    BLOB_URI_SECRET: Buffer.alloc(32, 1).toString("base64url"),
    MATYAN_PROJECTOR_THREAD: "false",
    ...env,
  })
  await logAndAsk(server)
  await server.stop()
})
