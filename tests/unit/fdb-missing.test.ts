/** What is told where the client library cannot be used. */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { Effect, Layer } from "effect"
import { expect, it, vi } from "vitest"
import { fdbStore } from "../../infra/fdb/key-value-store.ts"
import { withoutClientLibrary } from "../support/fdb/stand-in.ts"

it("without the client library, the store says what to install", async () => {
  // The library complains on the console too.
  vi.spyOn(console, "error").mockImplementation(() => undefined)
  withoutClientLibrary()
  const built = Effect.runPromise(Effect.scoped(Layer.build(fdbStore({}))))
  await expect(built).rejects.toThrow(/foundationdb-clients/)
})

it("in a thread beside the main one, the store refuses to load a library that would take the process down", async () => {
  const worker = new Worker(new URL("../support/fdb/open-in-thread.ts", import.meta.url))
  expect(await once(worker, "message")).toEqual(["FoundationDB's client works in the main thread of a process only"])
})
