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
