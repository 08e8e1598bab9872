import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { Effect, Exit, Fiber, ManagedRuntime, Stream } from "effect"
import { open } from "lmdb"
import { describe, expect, onTestFinished, test } from "vitest"
import { EventLog, LogUnavailable } from "../../domain/ports/event-log.ts"
import { SchemaRegistry } from "../../domain/ports/schema-registry.ts"
import { TagCreated } from "../../events/entity.ts"
import type { AnyEvent } from "../../events/index.ts"
import { RunRenamed } from "../../events/run.ts"
import type { LmdbLogOptions } from "../../infra/lmdb/event-log.ts"
import { recordKey, recordValue } from "../../infra/lmdb/log-rows.ts"
import { lmdbRegistry } from "../../infra/lmdb/schema-registry.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"

const meta = { id: "e", at: 1, serverTime: 1, project: "00000000", actor: "", cause: null, writer: "w", seq: 0, part: 0 }
const tagged = (name: string): AnyEvent => ({ ...TagCreated({ id: "t", name, color: "", description: "" }), meta })
const renamed = (runId: string): AnyEvent => ({ ...RunRenamed({ runId, name: "n" }), meta })

const connect = (options: LmdbLogOptions) => {
  const runtime = ManagedRuntime.make(embeddedLog(options))
  onTestFinished(() => runtime.dispose())
  const run = <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>) => runtime.runPromise(Effect.flatMap(EventLog, of))
  return {
    run,
    append: (...events: readonly AnyEvent[]) => run((log) => log.append(events)),
    records: async () => (await run((log) => Stream.runCollect(log.source(new Map())))).flatMap((batch) => batch.records),
    close: () => runtime.dispose(),
  }
}

const refusal = (options: LmdbLogOptions) =>
  Effect.runPromise(Effect.flip(Effect.scoped(Effect.provide(EventLog, embeddedLog(options))))) as Promise<LogUnavailable>

describe("the LMDB log", () => {
  test("Law 9: a held-back flush holds back the acknowledgement, and no reader sees the events", async () => {
    const folder = freshFolder()
    const held = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const writer = connect({
      folder,
      beforeDurable: () => {
        reached.resolve()
        return held.promise
      },
    })
    let acknowledged = false
    const appending = writer.append(tagged("a"), renamed("r")).then(() => (acknowledged = true))
    await reached.promise
    const reader = connect({ folder, readOnly: true })
    expect([await writer.records(), await reader.records(), acknowledged]).toEqual([[], [], false])
    held.resolve()
    await appending
    expect((await reader.records()).length).toBe(2)
  })

  test("a commit that fails is LogUnavailable for its append, uses up no offset, and does not stop the log", async () => {
    let failures = 2
    const log = connect({
      folder: freshFolder(),
      beforeDurable: async () => {
        if (failures-- > 0) throw new Error("no space left")
      },
    })
    const outcomes = await Promise.all([
      log.run((l) => Effect.exit(l.append([tagged("first")]))),
      log.run((l) => Effect.exit(l.append([tagged("second")]))),
      log.run((l) => Effect.exit(l.append([tagged("third")]))),
    ])
    expect(outcomes.map((exit) => Exit.isSuccess(exit)).filter(Boolean).length).toBeGreaterThan(0)
    expect(Exit.isFailure(outcomes[0]!)).toBe(true)
    const records = await log.records()
    expect(records.map((record) => record.position.offset)).toEqual(records.map((_, i) => i))
    expect(await log.append(tagged("next"))).toMatchObject([{ offset: records.length }])
  })

  test("a full disk fails the appends that find no room, whole, and neither ends the process nor harms the rest", async () => {
    const folder = freshFolder()
    // In blocks of 512 bytes: about 2 MB for each file.
    const limited = spawn("sh", ["-c", 'ulimit -f 4000 && exec "$0" "$@"', process.execPath, filler, folder], {
      stdio: ["ignore", "pipe", "ignore"],
    })
    let printed = ""
    limited.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()))
    expect(await once(limited, "close")).toEqual([0, null])
    const log = connect({ folder })
    expect(Number(printed)).toBeGreaterThan(2)
    expect((await log.records()).map((record) => record.position.offset)).toEqual(
      Array.from({ length: Number(printed) * 2 }, (_, i) => i),
    )
    await log.append(tagged("after"))
  })

  test("a follower in another thread sees what is appended", async () => {
    const folder = freshFolder()
    const log = connect({ folder })
    await log.append(tagged("a"))
    const worker = new Worker(follower, { workerData: { folder } })
    onTestFinished(async () => void (await worker.terminate()))
    expect(await once(worker, "message")).toEqual(["TagCreated"])
    for (let i = 0; i < 20; i++) {
      const seen = once(worker, "message")
      await log.append(renamed(`run${i}`))
      expect(await seen).toEqual(["RunRenamed"])
    }
  })

  test("appends that wait for a commit go down together in the next", async () => {
    let commits = 0
    const log = connect({ folder: freshFolder(), beforeDurable: async () => void commits++ })
    await Promise.all(Array.from({ length: 200 }, (_, i) => log.append(tagged(String(i)))))
    expect(commits).toBeLessThan(20)
    expect((await log.records()).length).toBe(200)
  })

  test("a log made with one partition count refuses another, and opens without one", async () => {
    const folder = freshFolder()
    const made = connect({ folder, partitions: 3 })
    await made.append(tagged("a"))
    await made.close()
    expect((await refusal({ folder, partitions: 6 })).message).toMatch(/3 partitions, not 6/)
    const again = connect({ folder })
    expect((await again.run((log) => log.ends)).length).toBe(4)
    await again.close()
    expect((await refusal({ folder, partitions: 6, readOnly: true })).message).toMatch(/3 partitions, not 6/)
  })

  test("a second writer on the folder is refused, in the same process and in another; a reader is not, but may not append", async () => {
    const folder = freshFolder()
    const other = spawn(process.execPath, [appender, folder], { stdio: ["ignore", "pipe", "inherit"] })
    onTestFinished(() => void other.kill("SIGKILL"))
    await once(other.stdout, "data")
    expect((await refusal({ folder })).message).toMatch(new RegExp(`process ${other.pid} is writing`))
    const reader = connect({ folder, readOnly: true })
    expect((await reader.records()).length).toBeGreaterThan(0)
    expect(await reader.run((log) => Effect.flip(log.append([tagged("a")])))).toBeInstanceOf(LogUnavailable)

    const mine = freshFolder()
    const writer = connect({ folder: mine })
    await writer.append(tagged("a"))
    expect((await refusal({ folder: mine })).message).toMatch(/is writing/)
    await writer.close()
    await connect({ folder: mine }).append(tagged("b"))
  })

  test("Law 9: after kill -9 the next start has the folder at once, and everything acknowledged", async () => {
    const folder = freshFolder()
    for (let round = 0; round < 3; round++) {
      const killed = spawn(process.execPath, [appender, folder], { stdio: ["ignore", "pipe", "inherit"] })
      let printed = ""
      killed.stdout.on("data", (chunk: Buffer) => {
        printed += chunk.toString()
        if (printed.length > 600 * (round + 1)) killed.kill("SIGKILL")
      })
      await once(killed, "close")
      const acknowledged = printed.slice(0, printed.lastIndexOf("\n")).split("\n")
      const log = connect({ folder })
      const records = await log.records()
      for (const type of ["RunRenamed", "TagCreated"] as const) {
        const names = new Set(records.map((record) => (record.type === type ? record.data.name : "")))
        expect(acknowledged.filter((name) => !names.has(name))).toEqual([])
      }
      const ends = await log.run((l) => l.ends)
      expect(ends.reduce((sum, end) => sum + end.offset, 0)).toBe(records.length)
      await log.close()
    }
  })

  test("another process's appends reach a follower", async () => {
    const folder = freshFolder()
    const reader = connect({ folder, readOnly: true })
    const following = reader.run((log) => log.follow(new Map()).pipe(Stream.take(3), Stream.runCollect))
    const other = spawn(process.execPath, [appender, folder], { stdio: "ignore" })
    onTestFinished(() => void other.kill("SIGKILL"))
    expect((await following).length).toBe(3)
  })

  test("what cannot be decoded is yielded with its key, bytes and reason, and the partition goes on", async () => {
    const folder = freshFolder()
    const log = connect({ folder })
    await log.append(tagged("a"))
    await log.close()
    const db = open<Uint8Array, Uint8Array>({
      path: join(folder, "log", "log.mdb"),
      noSubdir: true,
      keyEncoding: "binary",
      encoding: "binary",
      overlappingSync: false,
    })
    const control = { topic: "control-events", partition: 0 } as const
    const foreign = JSON.stringify({ type: "record", name: "Foreign", fields: [] })
    const registry = lmdbRegistry({ folder: join(folder, "registry") })
    const id = await Effect.runPromise(
      Effect.provide(
        Effect.flatMap(SchemaRegistry, (r) => r.register("x", foreign)),
        registry,
      ),
    )
    db.transactionSync(() => {
      db.putSync(recordKey(control, 1), recordValue("key", Buffer.from("noise")))
      db.putSync(recordKey(control, 2), recordValue("", Buffer.from([0, 0, 0, 0, id])))
    })
    await db.close()
    const again = connect({ folder })
    await again.append(tagged("b"))
    const records = await again.records()
    expect(records.map((record) => record.type)).toEqual(["TagCreated", "Undecodable", "Undecodable", "TagCreated"])
    const backwards = records.toReversed()
    expect(await again.run((log) => log.recordsAt(backwards.map(({ position }) => position)))).toEqual(backwards)
    expect(records[1]).toMatchObject({
      key: "key",
      bytes: Buffer.from("noise"),
      position: { offset: 1 },
      reason: expect.any(String),
    })
    expect(records[2]).toMatchObject({ reason: expect.stringContaining("not one of ours") })
  })

  test("a closed log is unavailable, to appends and to followers", async () => {
    const closing = connect({ folder: freshFolder() })
    const log = await closing.run((l) => Effect.succeed(l))
    const following = Effect.runFork(Effect.flip(Stream.runDrain(log.follow(new Map()))))
    await closing.close()
    expect(await Effect.runPromise(Fiber.join(following))).toBeInstanceOf(LogUnavailable)
    expect(await Effect.runPromise(Effect.flip(log.append([tagged("a")])))).toBeInstanceOf(LogUnavailable)
  })

  test("closing waits for what was accepted", async () => {
    const folder = freshFolder()
    const closing = connect({ folder })
    const log = await closing.run((l) => Effect.succeed(l))
    const appended = Promise.all(Array.from({ length: 50 }, (_, i) => Effect.runPromise(log.append([tagged(String(i))]))))
    await closing.close()
    expect((await appended).length).toBe(50)
    expect((await connect({ folder, readOnly: true }).records()).length).toBe(50)
  })
})

const appender = new URL("../support/append-process.ts", import.meta.url).pathname
const filler = new URL("../support/append-until-full.ts", import.meta.url).pathname
const follower = new URL("../support/follow-worker.ts", import.meta.url)
