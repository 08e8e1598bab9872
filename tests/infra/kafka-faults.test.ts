import { Cause, Effect, Exit, Fiber, ManagedRuntime, Stream } from "effect"
import KafkaCluster from "kafkajs/src/cluster/index.js"
import { createLogger } from "kafkajs/src/loggers/index.js"
import makeSocketFactory from "kafkajs/src/network/socketFactory.js"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { type Batch, EventLog, LogUnavailable, partitionName } from "../../domain/ports/event-log.ts"
import type { AnyEvent } from "../../events/index.ts"
import type { KafkaOptions } from "../../infra/kafka/options.ts"
import { patiently } from "../../infra/kafka/patience.ts"
import { freshFolder } from "../support/folders.ts"
import { kafkaLogIn, kafkaOptions, makeTopics } from "../support/kafka-log.ts"
import { ids, renamed, tagged } from "../support/log-events.ts"
import { type KafkaServer, startKafka } from "../support/servers/kafka.ts"
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts"
import { until } from "../support/wait.ts"

/** How long the broker is away; MATYAN_AWAY_SECONDS=30 before a release. */
const awaySeconds = Number(process.env["MATYAN_AWAY_SECONDS"] ?? 4)

let kafka: KafkaServer
let proxy: TcpProxy
beforeAll(async () => {
  proxy = await startTcpProxy(() => ({ host: "127.0.0.1", port: kafka.port }))
  kafka = await startKafka({ advertisedPort: proxy.port })
})
afterAll(async () => {
  await proxy.stop()
  await kafka.dispose()
})

let count = 0
const freshLog = async (overrides: Partial<KafkaOptions> = {}) => {
  const options = { ...kafkaOptions(`127.0.0.1:${proxy.port}`, `fault${count++}`), ...overrides }
  await makeTopics(options)
  const runtime = ManagedRuntime.make(kafkaLogIn(options, freshFolder()))
  onTestFinished(() => runtime.dispose())
  const run = <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>): Promise<A> =>
    runtime.runPromise(Effect.flatMap(EventLog, of))
  await run((log) => log.ends)
  return {
    options,
    run,
    fork: <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>) => runtime.runFork(Effect.flatMap(EventLog, of)),
    append: (...events: readonly AnyEvent[]) => run((log) => log.append(events)),
    /** As gateways do: again and again, until it is durable. */
    appendSurely: (...events: readonly AnyEvent[]) =>
      run((log) => log.append(events).pipe(Effect.retry({ while: (fault) => fault._tag === "LogUnavailable" }))),
    source: () => run((log) => Stream.runCollect(log.source(new Map()))),
  }
}

const idsOf = (batches: readonly Batch[]): readonly string[] =>
  batches.flatMap(({ records }) => records.map((record) => (record.type === "Undecodable" ? "?" : record.meta.id)))

/** Without what stands there a second time, which folds know by its writer's numbers. */
const once = (list: readonly string[]): readonly string[] => [...new Set(list)]

const away = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, awaySeconds * 1_000))
}

test("what we defend against: another batch under a lost one's sequence number is acknowledged and never written", async () => {
  const { options, source } = await freshLog()
  const silent = createLogger({ level: 0, logCreator: () => () => undefined })
  const cluster = new KafkaCluster({
    brokers: options.brokers,
    clientId: "tests",
    logger: silent,
    socketFactory: makeSocketFactory(),
    connectionTimeout: 5_000,
    authenticationTimeout: 5_000,
    requestTimeout: 5_000,
    metadataMaxAge: 300_000,
    allowAutoTopicCreation: false,
    isolationLevel: 0,
    retry: { retries: 1 },
  })
  await cluster.connect()
  const topic = options.topics["control-events"]
  await cluster.addMultipleTargetTopics([topic])
  const broker = await cluster.findControllerBroker()
  const producer = await patiently(30_000, () => broker.initProducerId({ transactionTimeout: 60_000 }))
  const send = async (value: string): Promise<string | undefined> => {
    const messages = [{ key: null, value: Buffer.from(value) }]
    const topicData = [{ topic, partitions: [{ partition: 0, firstSequence: 0, messages }] }]
    const { topics } = await broker.produce({ acks: -1, timeout: 5_000, ...producer, topicData })
    return topics[0]?.partitions[0]?.baseOffset
  }
  expect([await send("one"), await send("another")]).toEqual(["0", "0"])
  const values = (await source()).flatMap(({ records }) => records)
  expect(values.map((record) => record.type === "Undecodable" && Buffer.from(record.bytes).toString())).toEqual(["one"])
  proxy.restore()
})

test("an append whose answer is lost fails, and a different one after it is not taken for it", async () => {
  const log = await freshLog({ requestTimeoutMs: 1_000 })
  const [lost, different] = [tagged("lost"), tagged("different")]
  await log.append(tagged("before"))
  proxy.deafen()
  const fault = await log.run((l) => Effect.flip(l.append([lost])))
  expect(fault).toBeInstanceOf(LogUnavailable)
  expect(proxy.lost()).toBeGreaterThan(0)
  proxy.restore()
  const [position] = await log.append(different)
  const records = (await log.source()).flatMap(({ records }) => records)
  const found = records.find((record) => record.type !== "Undecodable" && record.meta.id === different.meta.id)
  expect(found?.position).toEqual(position)
  // It had been written, though nobody could know.
  expect(records.map((record) => record.type !== "Undecodable" && record.meta.id)).toContain(lost.meta.id)
})

test("what is sent again within one append, after the answer was lost, is written once", async () => {
  const log = await freshLog()
  const events = Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? tagged(String(i)) : renamed(`run${i}`, "x")))
  await log.append(tagged("before"))
  proxy.deafen()
  const appended = log.append(...events)
  await until(
    "the answer to be lost",
    () => proxy.lost(),
    (bytes) => bytes > 0,
  )
  proxy.restore()
  const positions = await appended
  const records = (await log.source()).flatMap(({ records }) => records)
  expect(records).toHaveLength(21)
  for (const [i, event] of events.entries())
    expect(records.find((record) => record.type !== "Undecodable" && record.meta.id === event.meta.id)?.position).toEqual(
      positions[i],
    )
})

test("Law 9: nothing acknowledged is lost and every order is kept while the broker is killed and away for some time", async () => {
  const log = await freshLog()
  const followed: Batch[] = []
  const next = new Map<string, number>()
  // As readers of the log do: from where they were, once its faults have passed.
  const following = log.fork((l) =>
    Effect.suspend(() => Stream.runForEach(l.follow(next), (batch) => Effect.sync(() => note(batch)))).pipe(
      Effect.retry({ while: (fault: unknown) => fault instanceof LogUnavailable }),
    ),
  )
  const note = (batch: Batch): void => {
    followed.push(batch)
    next.set(partitionName(batch), batch.next)
  }
  const runs = Array.from({ length: 8 }, (_, i) => `run${i}`)
  const acknowledged = new Map<string, AnyEvent[]>(runs.map((run) => [run, []]))
  const stopping = new AbortController()
  const appending = runs.map(async (run) => {
    for (let i = 0; !stopping.signal.aborted; i++) {
      const events = [renamed(run, `${i}a`), renamed(run, `${i}b`)]
      await log.appendSurely(...events)
      acknowledged.get(run)!.push(...events)
    }
  })
  const total = (): number => acknowledged.values().reduce((sum, events) => sum + events.length, 0)
  await until("some appends", total, (length) => length > 200)
  await kafka.kill()
  const before = total()
  await away()
  await kafka.restart()
  await until("appends after it is back", total, (length) => length > before + 200, 60)
  stopping.abort()
  await Promise.all(appending)
  await until(
    "the follower to have all",
    () => once(idsOf(followed)).length,
    (length) => length >= total(),
    60,
  )
  await Effect.runPromise(Fiber.interrupt(following))
  const written = await log.source()
  expectContinuous(written)
  expectContinuous(followed)
  expect([...once(idsOf(followed))].sort()).toEqual([...once(idsOf(written))].sort())
  for (const [run, events] of acknowledged) {
    const mine = written.flatMap(({ records }) =>
      records.flatMap((record) => (record.type === "RunRenamed" && record.data.runId === run ? [record.meta.id] : [])),
    )
    expect(once(mine)).toEqual(ids(events))
  }
})

test("an append that is interrupted, or a log that is closed, while the broker is away, ends at once", async () => {
  const log = await freshLog({ requestTimeoutMs: 60_000 })
  proxy.cut()
  const exits = await Promise.all([
    interrupted(log.fork((l) => l.append([tagged("x")]))),
    interrupted(log.fork((l) => Stream.runDrain(l.follow(new Map())))),
    interrupted(log.fork((l) => l.ends)),
  ])
  expect(exits).toEqual([true, true, true])
  proxy.restore()
})

const interrupted = async <A, E>(fiber: Fiber.Fiber<A, E>): Promise<boolean> => {
  await Effect.runPromise(Fiber.interrupt(fiber))
  const exit = await Effect.runPromise(Fiber.await(fiber))
  return Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
}

const expectContinuous = (batches: readonly Batch[]): void => {
  const next = new Map<string, number>()
  for (const batch of batches) {
    const start = next.get(partitionName(batch)) ?? 0
    expect(batch.records.map((record) => record.position.offset)).toEqual(batch.records.map((_, i) => start + i))
    next.set(partitionName(batch), batch.next)
  }
}
