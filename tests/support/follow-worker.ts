/** Follows the log in a folder from another thread, and posts each record's type. */
import { parentPort, workerData } from "node:worker_threads"
import { Effect, Stream } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { embeddedLog } from "./embedded-log.ts"

const { folder } = workerData as { readonly folder: string }

const following = Effect.flatMap(EventLog, (log) =>
  Stream.runForEach(log.follow(new Map()), (batch) =>
    Effect.sync(() => {
      for (const record of batch.records) parentPort!.postMessage(record.type)
    }),
  ),
)
void Effect.runPromise(Effect.provide(following, embeddedLog({ folder, readOnly: true })))
// The wait for a change keeps no thread alive by itself; the port does.
parentPort!.on("message", () => undefined)
