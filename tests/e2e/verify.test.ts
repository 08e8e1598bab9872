/** `verify` holds the live store against the log: what is wrong in the store must be found. */
import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, expect, it } from "vitest"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { WritableRows } from "../../projections/rows.ts"
import { createGeneration } from "../../projections/subspaces.ts"
import { createRun, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { restOf } from "../support/rest.ts"
import { endAll, runCli, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

it("Law 1: verify finds a row of the live store that the log does not say", async () => {
  const server = await startServer(freshFolder())
  const socket = await openSocket(server.frontierUrl, "run")
  await socket.send(createRun())
  const shown = async () => (await restOf(server.backendUrl).ask("GET", "/runs/run/info")).status
  await until("the run", shown, (status) => status === 200)
  expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  await server.stop()

  const damage = KeyValueStore.use((store) =>
    store.write(async (tx) =>
      new WritableRows(tx, await createGeneration(tx)).set("runs", ["run", "meta", "name", "__leaf__"], "x"),
    ),
  )
  await Effect.runPromise(damage.pipe(Effect.provide(lmdbStore({ folder: join(server.folder, "store") }))))
  const { code, stdout } = await runCli(server.folder, ["verify", "--quiet"])
  expect(stdout).toMatch(/^different after \d+ equal rows\nlive: .*"x"\nfrom log: .*"Run: run"\n$/)
  expect(code).toBe(1)
})
