/** Holds the one writer's place of an embedded store until the shared number is no longer 0, so that nobody folds. */
import { join } from "node:path"
import { parentPort, workerData } from "node:worker_threads"
import { open } from "lmdb"

const { folder, released } = workerData as { readonly folder: string; readonly released: Int32Array }
const db = open({ path: join(folder, "store.mdb"), noSubdir: true })
db.transactionSync(() => {
  parentPort?.postMessage("held")
  Atomics.wait(released, 0, 0)
})
await db.close()
