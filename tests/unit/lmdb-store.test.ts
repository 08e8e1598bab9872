import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { Effect, ManagedRuntime } from "effect"
import { describe, expect, onTestFinished, test } from "vitest"
import { KeyValueStore, StoreUnavailable, type Transaction, TransactionTooLarge } from "../../domain/ports/key-value-store.ts"
import { type LmdbStoreOptions, lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { freshFolder } from "../support/folders.ts"

const incrementer = new URL("../support/increment-worker.ts", import.meta.url)
const b = (text: string): Uint8Array => Buffer.from(text, "latin1")

const opened = (options: LmdbStoreOptions) => {
  const runtime = ManagedRuntime.make(lmdbStore(options))
  onTestFinished(() => runtime.dispose())
  return {
    write: <A>(body: (tx: Transaction) => Promise<A>) => runtime.runPromise(Effect.flatMap(KeyValueStore, (s) => s.write(body))),
    store: () => runtime.runPromise(KeyValueStore),
    close: () => runtime.dispose(),
  }
}

const count = async (tx: Transaction): Promise<number> => Number(Buffer.from((await tx.get(b("count"))) ?? [0x30]).toString())

describe("the LMDB store", () => {
  test.each(["thread", "process"])("increments of a second %s and our own all land", async (kind) => {
    const folder = freshFolder()
    const store = opened({ folder })
    await store.write(async (tx) => tx.set(b("count"), b("0")))
    const other =
      kind === "thread"
        ? new Worker(incrementer, { workerData: [folder, 100] })
        : spawn(process.execPath, [incrementer.pathname, folder, "100"], { stdio: "inherit" })
    const ended = once(other, "exit")
    for (let i = 0; i < 100; i++) await store.write(async (tx) => tx.set(b("count"), b(String((await count(tx)) + 1))))
    const [code] = await ended
    expect(code).toBe(0)
    expect(await store.write(count)).toBe(200)
  })

  test("a change by another process ends a wait", async () => {
    const folder = freshFolder()
    const store = await opened({ folder }).store()
    const waiting = Effect.runPromise(store.changed(b("count"), undefined))
    spawn(process.execPath, [incrementer.pathname, folder, "1"], { stdio: "inherit" })
    await waiting
  })

  test("additions without a read never run a body twice", async () => {
    const folder = freshFolder()
    const [one, other] = [opened({ folder }), opened({ folder })]
    let runs = 0
    await one.write(async (tx) => {
      runs++
      await other.write(async (theirs) => theirs.add(b("n"), 1n))
      tx.add(b("n"), 1n)
    })
    expect(runs).toBe(1)
    expect(await one.write((tx) => tx.get(b("n")))).toEqual(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]))
  })

  test("a transaction that stages too much fails with its size, and keeps nothing", async () => {
    const store = opened({ folder: freshFolder(), maxTransactionBytes: 10_000 })
    const failure = await store
      .write(async (tx) => {
        for (let i = 0; i < 100; i++) tx.set(b(`k${i}`), new Uint8Array(1_000))
      })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TransactionTooLarge)
    expect(await store.write((tx) => tx.range(b("a"), b("z")))).toEqual([])
  })

  test("a closed store is unavailable, also to those who wait for a change", async () => {
    const closing = opened({ folder: freshFolder() })
    const store = await closing.store()
    const waiting = Effect.runPromise(Effect.flip(store.changed(b("k"), undefined)))
    await closing.close()
    expect(await waiting).toBeInstanceOf(StoreUnavailable)
    const failure = await Effect.runPromise(Effect.flip(store.write(async (tx) => tx.set(b("k"), b("v")))))
    expect(failure).toBeInstanceOf(StoreUnavailable)
  })

  test("a folder that cannot be made is a failure, not a crash", async () => {
    const file = join(freshFolder(), "file")
    writeFileSync(file, "")
    const layer = lmdbStore({ folder: join(file, "store") })
    const failure = await Effect.runPromise(Effect.flip(Effect.scoped(Effect.provide(KeyValueStore, layer))))
    expect(failure).toBeInstanceOf(StoreUnavailable)
  })

  test("snapshots stay whole while the file grows many times over", async () => {
    const store = opened({ folder: freshFolder() })
    const service = await store.store()
    await store.write(async (tx) => tx.set(b("k0"), b("first")))
    const seen = await Effect.runPromise(
      service.read(async (tx) => {
        for (let i = 0; i < 20; i++) await store.write(async (w) => w.set(b(`k${i}`), new Uint8Array(1_000_000).fill(i)))
        const rows = await tx.range(b("k"), b("l"))
        return rows.map(([, value]) => Buffer.from(value).toString())
      }),
    )
    expect(seen).toEqual(["first"])
    expect((await store.write((tx) => tx.range(b("k"), b("l")))).length).toBe(20)
  })

  test("hundreds of reads may be open at once, each on the state it began with", async () => {
    const store = opened({ folder: freshFolder() })
    const service = await store.store()
    const goOn = Promise.withResolvers<void>()
    const reads: Promise<unknown>[] = []
    for (let i = 0; i < 400; i++) {
      await store.write(async (tx) => tx.set(b("i"), b(String(i))))
      const read = service.read(async (tx) => {
        const before = await tx.get(b("i"))
        await goOn.promise
        return [before, await tx.get(b("i"))].map(String)
      })
      reads.push(Effect.runPromise(read))
    }
    goOn.resolve()
    const seen = await Promise.all(reads)
    expect(seen).toEqual(seen.map((_, i) => [b(String(i)), b(String(i))].map(String)))
  })
})
