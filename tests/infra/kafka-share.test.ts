import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Effect, Fiber, ManagedRuntime } from "effect"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { EventLog, LogUnavailable, partitionName } from "../../domain/ports/event-log.ts"
import type { KafkaOptions } from "../../infra/kafka/options.ts"
import { FencingFolder } from "../support/fencing-folder.ts"
import { freshFolder } from "../support/folders.ts"
import { administer, kafkaLogIn, kafkaOptions, makeTopics } from "../support/kafka-log.ts"
import { ids, renamed, tagged } from "../support/log-events.ts"
import { type KafkaServer, startKafka } from "../support/servers/kafka.ts"
import { until } from "../support/wait.ts"

let kafka: KafkaServer
beforeAll(async () => {
  kafka = await startKafka()
})
afterAll(() => kafka.dispose())

let count = 0
const freshOptions = async (): Promise<KafkaOptions> => {
  const options = kafkaOptions(kafka.address, `share${count++}`)
  await makeTopics(options)
  return options
}

const open = (options: KafkaOptions) => {
  const runtime = ManagedRuntime.make(kafkaLogIn(options, freshFolder()))
  onTestFinished(() => runtime.dispose())
  return {
    run: <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>) => runtime.runPromise(Effect.flatMap(EventLog, of)),
    fork: <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>) => runtime.runFork(Effect.flatMap(EventLog, of)),
  }
}

const events = (length: number) =>
  Array.from({ length }, (_, i) => (i % 9 === 0 ? tagged(String(i)) : renamed(`run${i % 17}`, "x")))
const sorted = (list: readonly string[]): readonly string[] => [...list].sort()

test("the partitions of a member that was killed go to another, once its session has run out", async () => {
  const options = await freshOptions()
  const worker = spawn(
    process.execPath,
    [fileURLToPath(new URL("../support/share-worker.ts", import.meta.url)), JSON.stringify(options), freshFolder(), "members"],
    { stdio: ["ignore", "pipe", "inherit"] },
  )
  onTestFinished(() => void worker.kill("SIGKILL"))
  let said = ""
  worker.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()))
  await until(
    "the other process to have every partition",
    () => new Set(said.match(/^has \S+$/gm)).size,
    (size) => size === 7,
  )
  const log = open(options)
  const starts: string[] = []
  const folder = new FencingFolder(new Map())
  const start = (partition: Parameters<typeof folder.share.start>[0]) =>
    Effect.sync(() => starts.push(partitionName(partition))).pipe(Effect.andThen(folder.share.start(partition)))
  const member = log.fork((l) => l.share("members", { ...folder.share, start }))
  await until(
    "the partitions to be divided",
    () => starts.length,
    (length) => length > 0,
  )
  const appended = events(100)
  await log.run((l) => l.append(appended))
  await until(
    "both to take",
    () => said.includes("takes"),
    (does) => does,
  )
  worker.kill("SIGKILL")
  const killed = performance.now()
  await once(worker, "exit")
  await folder.holds(100)
  process.stderr.write(`taken over ${Math.round(performance.now() - killed)} ms after the kill (sessions of 2 s)\n`)
  expect(sorted(folder.ids())).toEqual(sorted(ids(appended)))
  await Effect.runPromise(Fiber.interrupt(member))
})

test("Law 3: members that come and go all the while leave no gap and no repeat behind takers that fence", async () => {
  const options = await freshOptions()
  const log = open(options)
  const others = [open(options), open(options)]
  const folder = new FencingFolder(new Map())
  const lasting = log.fork((l) => l.share("members", folder.share))
  const appended = events(3_000)
  const appending = (async () => {
    for (let i = 0; i < appended.length; i += 10) {
      await log.run((l) => l.append(appended.slice(i, i + 10)))
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  for (let round = 0; round < 6; round++) {
    const other = others[round % 2]!
    let divided = false
    const start = (partition: Parameters<typeof folder.share.start>[0]) =>
      Effect.sync(() => (divided = true)).pipe(Effect.andThen(folder.share.start(partition)))
    const member = other.fork((l) => l.share("members", { ...folder.share, start }))
    await until(
      "the partitions to be divided",
      () => divided,
      (is) => is,
    )
    await Effect.runPromise(Fiber.interrupt(member))
  }
  await appending
  await folder.holds(appended.length)
  await Effect.runPromise(Fiber.interrupt(lasting))
  expect(sorted(folder.ids())).toEqual(sorted(ids(appended)))
  expect(folder.gaps).toEqual([])
})

test("a member goes on after the coordinator was killed", async () => {
  const options = await freshOptions()
  const log = open(options)
  const folder = new FencingFolder(new Map())
  const member = log.fork((l) =>
    l.share("members", folder.share).pipe(Effect.retry({ while: (fault) => fault._tag === "LogUnavailable" })),
  )
  const appended = events(200)
  await log.run((l) => l.append(appended.slice(0, 100)))
  await folder.holds(100)
  await kafka.kill()
  await kafka.restart()
  await log.run((l) => l.append(appended.slice(100)).pipe(Effect.retry({ while: (fault) => fault._tag === "LogUnavailable" })))
  await folder.holds(200)
  await Effect.runPromise(Fiber.interrupt(member))
  expect(sorted([...new Set(folder.ids())])).toEqual(sorted(ids(appended)))
})

test("what was taken is told to the cluster, so that its tools show the lag", async () => {
  const options = await freshOptions()
  const log = open(options)
  const folder = new FencingFolder(new Map())
  const member = log.fork((l) => l.share("members", folder.share))
  await log.run((l) => l.append(events(100)))
  await folder.holds(100)
  const committed = (): Promise<number> =>
    administer(options.brokers, async (admin) => {
      const topics = await admin.fetchOffsets({ groupId: `${options.groupPrefix ?? ""}members` })
      return topics.flatMap(({ partitions }) => partitions).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
    })
  await until("the commit", committed, (sum) => sum === 100)
  await Effect.runPromise(Fiber.interrupt(member))
})

test("a member that its group will never take is a fault that is told, not one that is tried again without end", async () => {
  const options = { ...(await freshOptions()), sessionTimeoutMs: 500 }
  const fault = await open(options).run((l) =>
    Effect.flip(l.share("members", new FencingFolder(new Map()).share).pipe(Effect.timeout("2 minutes"))),
  )
  expect(fault).toBeInstanceOf(LogUnavailable)
  expect(fault.message).toMatch(/session timeout/)
})
