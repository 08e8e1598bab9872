import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, expect, it } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import { KeyValueStore, type Reader, type Transaction } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { formerGenerations } from "../../projections/former.ts"
import { otherFoldVersion } from "../../projections/generations.ts"
import { pack } from "../../projections/keys.ts"
import { Rows } from "../../projections/rows.ts"
import { servingGeneration } from "../../projections/subspaces.ts"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { restOf } from "../support/rest.ts"
import { endAll, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

afterEach(endAll)

const onStore = <A>(folder: string, body: (store: KeyValueStore["Service"]) => Effect.Effect<A, unknown>) =>
  Effect.runPromise(
    Effect.flatMap(KeyValueStore, body).pipe(Effect.provide(lmdbStore({ folder: join(folder, "store") })), Effect.scoped),
  )

/** As other code would have left them: another fold version, and a row that ours would never make. */
const foldedOtherwise = async (tx: Transaction): Promise<void> => {
  const rows = new Rows(tx, (await servingGeneration(tx))!)
  tx.set(pack(["fold_version"], rows.key("marks", [])), encodeValue(0))
  tx.set(rows.key("own", ["entries", "of another fold"]), encodeValue(true))
}

it("Law 1: projections that other code folded serve until they are folded anew, at the start, and then equal the log", async () => {
  const server = await startServer(freshFolder(), { MATYAN_KEEP_GENERATION_HOURS: "0" })
  const run = "0123456789abcdef0123456789abcdef"
  const socket = await openSocket(server.frontierUrl, run)
  await socket.send([createRun(), metric("loss", 0, 0.5)])
  await until(
    "the point",
    () => restOf(server.backendUrl).ask("GET", `/runs/${run}/info/`),
    ({ status }) => status === 200,
  )
  const hash = await server.dumpHash()
  await server.stop()
  await onStore(server.folder, (store) => store.write(foldedOtherwise))
  expect(await server.dumpHash()).not.toBe(hash)

  const again = await server.restart()
  expect((await restOf(again.backendUrl).ask("GET", `/runs/${run}/info/`)).status).toBe(200)
  const version = () => onStore(server.folder, (store) => store.read((tx: Reader) => otherFoldVersion(tx)))
  await until("the projections folded anew", version, (found) => found === null)
  const replaced = () => onStore(server.folder, (store) => store.read((tx: Reader) => formerGenerations(tx)))
  await until("the old ones to go", replaced, (found) => found.length === 0)
  expect(await again.verify()).toMatch(/^equal: \d+ rows/)
  expect(await again.dumpHash()).toBe(hash)
})
