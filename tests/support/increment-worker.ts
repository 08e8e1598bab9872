/** Counts up `count` times by read-modify-write on the store in a folder, as another thread or process. */
import { workerData } from "node:worker_threads"
import { Effect } from "effect"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"

const [folder, times] = (workerData as [string, number] | null) ?? [process.argv[2]!, Number(process.argv[3])]
const key = Buffer.from("count")

const increments = Effect.gen(function* () {
  const store = yield* KeyValueStore
  for (let i = 0; i < times; i++)
    yield* store.write(async (tx) => {
      const count = Number(Buffer.from((await tx.get(key)) ?? [0x30]).toString())
      tx.set(key, Buffer.from(String(count + 1)))
    })
})
await Effect.runPromise(Effect.provide(increments, lmdbStore({ folder })))
