/** A damaged file is named in words; the engine below would end the process. */
import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, ManagedRuntime } from "effect"
import { describe, expect, it } from "vitest"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"

const filled = async (): Promise<string> => {
  const folder = freshFolder()
  const runtime = ManagedRuntime.make(lmdbStore({ folder }))
  const write = Effect.flatMap(KeyValueStore, (store) =>
    store.write(async (tx) => {
      for (let i = 0; i < 2_000; i++) tx.set(Buffer.from(`key ${i}`), Buffer.alloc(200))
    }),
  )
  await runtime.runPromise(write)
  await runtime.runPromise(write)
  await runtime.dispose()
  return folder
}

const opened = (folder: string) => Effect.runPromise(Effect.scoped(Layer.build(lmdbStore({ folder }))))

describe("a store's file", () => {
  it("that is whole opens again", async () => {
    await opened(await filled())
  })

  it.each<[string, (file: string) => void, RegExp]>([
    ["is cut short", (file) => truncateSync(file, 5 * 4096), /cut short at 20480 bytes/],
    ["has lost all but its first page", (file) => truncateSync(file, 4096), /does not begin as a database/],
    ["is something else", (file) => writeFileSync(file, Buffer.alloc(10_000, 7)), /does not begin as a database/],
    ["has a damaged second page", (file) => writeFileSync(file, readFileSync(file).fill(9, 4096, 8192)), /does not begin/],
  ])("that %s is refused in words", async (_, damage, words) => {
    const folder = await filled()
    damage(join(folder, "store.mdb"))
    const refusal: unknown = await opened(folder).catch((error: unknown) => error)
    expect(String((refusal as Error).cause)).toMatch(words)
  })
})

describe("a log's file", () => {
  it("that is something else is refused in words", async () => {
    const folder = freshFolder()
    await Effect.runPromise(Effect.scoped(Layer.build(embeddedLog({ folder }))))
    writeFileSync(join(folder, "log", "log.mdb"), Buffer.alloc(10_000, 7))
    const refusal: unknown = await Effect.runPromise(Effect.scoped(Layer.build(embeddedLog({ folder })))).catch(
      (error: unknown) => error,
    )
    expect(String((refusal as Error).cause)).toMatch(/does not begin as a database/)
  })
})
