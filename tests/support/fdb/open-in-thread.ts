/** Opens the FoundationDB store in a thread, and tells what came of it. */
import { parentPort } from "node:worker_threads"
import { Effect, Layer } from "effect"
import { fdbStore } from "../../../infra/fdb/key-value-store.ts"

const opened = Layer.build(fdbStore({})).pipe(
  Effect.scoped,
  Effect.as("opened"),
  Effect.catch(({ message }) => Effect.succeed(message)),
)
parentPort?.postMessage(await Effect.runPromise(opened))
