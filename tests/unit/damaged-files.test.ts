/** A damaged file is named in words; the engine below would end the process. */
import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, ManagedRuntime, Stream } from "effect"
import { open } from "lmdb"
import { describe, expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { readRecords, recordKey } from "../../infra/lmdb/log-rows.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"
import { renamed } from "../support/log-events.ts"

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

  it("Law 9: in which any one byte of a record is another names the record, and gives all others", async () => {
    const folder = freshFolder()
    const appended = Effect.flatMap(EventLog, (log) => log.append([renamed("run", "one"), renamed("run", "two")]))
    const [position] = await Effect.runPromise(appended.pipe(Effect.provide(embeddedLog({ folder }))))
    const key = recordKey(position!, 0)
    const db = openRows(folder)
    const whole = Buffer.from(db.get(key)!)
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole)
      flipped[at]! ^= 1
      db.putSync(key, flipped)
      const [first, second] = readRecords(db, position!, { from: 0, to: 2 }, { records: 10, bytes: 1_000_000 })
      expect(first?.damage, `byte ${at}`).toMatch(/damaged/)
      expect(second?.damage).toBeUndefined()
    }
    await db.close()
    const read = Effect.flatMap(EventLog, (log) => Stream.runCollect(log.source(new Map())))
    const records = (await Effect.runPromise(read.pipe(Effect.provide(embeddedLog({ folder }))))).flatMap(
      (batch) => batch.records,
    )
    expect(records).toMatchObject([{ type: "Undecodable", reason: expect.stringMatching(/damaged/) }, { type: "RunRenamed" }])
  })

  it("that lacks a record is not read on", async () => {
    const folder = freshFolder()
    const three = ["a", "b", "c"].map((name) => renamed("run", name))
    const appended = Effect.flatMap(EventLog, (log) => log.append(three))
    const [position] = await Effect.runPromise(appended.pipe(Effect.provide(embeddedLog({ folder }))))
    const db = openRows(folder)
    db.removeSync(recordKey(position!, 1))
    await db.close()
    const read = Effect.flatMap(EventLog, (log) => Effect.flip(Stream.runCollect(log.source(new Map()))))
    const fault = await Effect.runPromise(read.pipe(Effect.provide(embeddedLog({ folder }))))
    expect(String(fault.cause)).toMatch(/the log is damaged: data-ingestion\/\d lacks records between 0 and 2/)
  })

  it("reads records of the time before they had a checksum", async () => {
    const folder = freshFolder()
    await Effect.runPromise(Effect.scoped(Layer.build(embeddedLog({ folder }))))
    const db = openRows(folder)
    const control = { topic: "control-events", partition: 0 } as const
    db.putSync(recordKey(control, 0), Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from("keyevent")]))
    const [record] = readRecords(db, control, { from: 0, to: 1 }, { records: 1, bytes: 1 })
    expect(record).toEqual({ offset: 0, key: "key", bytes: Buffer.from("event") })
    await db.close()
  })
})

const openRows = (folder: string) =>
  open<Uint8Array, Uint8Array>({
    path: join(folder, "log", "log.mdb"),
    noSubdir: true,
    keyEncoding: "binary",
    encoding: "binary",
    overlappingSync: false,
  })
