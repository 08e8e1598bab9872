import { Effect, Exit, Layer, ManagedRuntime, Stream } from "effect"
import kafkajs, { Kafka, logLevel } from "kafkajs"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { EventLog, EventTooLarge, LogUnavailable } from "../../domain/ports/event-log.ts"
import type { AnyEvent } from "../../events/index.ts"
import { kafkaClient } from "../../infra/kafka/client.ts"
import { createTopics, missingTopics } from "../../infra/kafka/create-topics.ts"
import { examineTopics } from "../../infra/kafka/examine.ts"
import { describeTopics } from "../../infra/kafka/topics.ts"
import type { KafkaOptions } from "../../infra/kafka/options.ts"
import { freshFolder } from "../support/folders.ts"
import { administer, kafkaLogIn, kafkaOptions, makeTopics } from "../support/kafka-log.ts"
import { renamed, tagged } from "../support/log-events.ts"
import { type KafkaServer, startKafka } from "../support/servers/kafka.ts"
import { until } from "../support/wait.ts"

let kafka: KafkaServer
beforeAll(async () => {
  kafka = await startKafka()
})
afterAll(() => kafka.dispose())

let count = 0
const fresh = (overrides: Partial<KafkaOptions> = {}): KafkaOptions => ({
  ...kafkaOptions(kafka.address, `topics${count++}`),
  ...overrides,
})

const open = (options: KafkaOptions) => {
  const runtime = ManagedRuntime.make(kafkaLogIn(options, freshFolder()))
  onTestFinished(() => runtime.dispose())
  const run = <A, E>(of: (log: EventLog["Service"]) => Effect.Effect<A, E>): Promise<A> =>
    runtime.runPromise(Effect.flatMap(EventLog, of))
  return { run, append: (...events: readonly AnyEvent[]) => run((log) => log.append(events)) }
}

/** Why the log does not open, or that it does. */
const opening = async (options: KafkaOptions): Promise<string> => {
  const exit = await Effect.runPromiseExit(Effect.scoped(Layer.build(kafkaLogIn(options, freshFolder()))))
  if (Exit.isSuccess(exit)) return "opens"
  const [failure] = exit.cause.reasons.flatMap((reason) => (reason._tag === "Fail" ? [reason.error] : []))
  expect(failure).toBeInstanceOf(LogUnavailable)
  return (failure as LogUnavailable).message
}

const quiet = (options: KafkaOptions) => kafkaClient(options, () => undefined)

test("a log without its topics is refused, and told how to make them", async () => {
  expect(await opening(fresh())).toMatch(/topic topics\d+-data is missing.*matyan topics create.*topics\d+-control is missing/)
})

test("topics that were created for it are as the log wants them; created again, they are left alone", async () => {
  const options = fresh({ partitions: 3 })
  const client = quiet(options)
  const shape = { partitions: 3, replication: 1 }
  const missing = async () => missingTopics(await describeTopics(client, options.topics), options.topics, shape)
  const wanted = await missing()
  await createTopics(client, options.topics, wanted, true)
  expect(await missing()).toEqual(wanted)
  const tooMany = wanted.map((topic) => ({ ...topic, replication: 3 }))
  await expect(createTopics(client, options.topics, tooMany, false)).rejects.toThrow(/Replication-factor is invalid/)
  await createTopics(client, options.topics, wanted, false)
  expect(await missing()).toEqual([])
  const { facts, findings } = await examineTopics(client, options)
  expect(findings.faults).toEqual([])
  expect(facts["data-ingestion"]).toMatchObject({ partitions: 3, replication: 1 })
  expect(facts["control-events"]).toMatchObject({ partitions: 1 })
  expect(await opening(options)).toBe("opens")
})

test.each([
  ["retention.ms", "604800000"],
  ["retention.bytes", "1000000"],
  ["cleanup.policy", "compact"],
])("topics that remove records are refused: %s=%s", async (setting, value) => {
  const options = fresh()
  await makeTopics(options, { [setting]: value })
  expect(await opening(options)).toContain(`${setting}=${value}`)
})

test("finite retention is let be where it is said so", async () => {
  const options = fresh({ allowFiniteRetention: true })
  await makeTopics(options, { "retention.ms": "604800000" })
  expect(await opening(options)).toBe("opens")
})

test("another partition count than expected is refused", async () => {
  const options = fresh({ partitions: 6 })
  await makeTopics(options, {}, 5)
  expect(await opening(options)).toContain("has 5 partitions, not 6")
})

test("partitions that were added after records were written are noticed by the records", async () => {
  const options = fresh()
  await makeTopics(options)
  const log = open(options)
  await log.append(...Array.from({ length: 40 }, (_, i) => renamed(`run${i}`, "x")))
  const topic = options.topics["data-ingestion"]
  await administer(options.brokers, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count: 9 }] }))
  await until(
    "the brokers to know",
    () => opening(options),
    (text) => text !== "opens",
  )
  expect(await opening(options)).toContain("had fewer when its oldest records were written")
})

test("records that were deleted before they were read end a reading, with what is missing", async () => {
  const options = fresh()
  await makeTopics(options)
  const log = open(options)
  await log.append(...Array.from({ length: 10 }, (_, i) => tagged(String(i))))
  const topic = options.topics["control-events"]
  await administer(options.brokers, async (admin) => {
    // Without it kafkajs does not know where the partition is.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "4" }] })
  })
  const reading = await log.run((l) => Effect.flip(Stream.runDrain(l.source(new Map()))))
  expect(reading.message).toContain(`${topic}/0 has no records 0 to 3 any more`)
  const share = { start: () => Effect.succeed(0), take: () => Effect.succeed(0) }
  const sharing = await log.run((l) => Effect.flip(l.share("members", share)))
  expect(sharing.message).toContain("has no records 0 to 3 any more")
  const rest = await log.run((l) => Stream.runCollect(l.source(new Map([["control-events/0", 4]]))))
  expect(rest.flatMap(({ records }) => records.map(({ position }) => position.offset))).toEqual([4, 5, 6, 7, 8, 9])
})

test("a topic that ends before what was read of it is told, not waited for", async () => {
  const options = fresh()
  await makeTopics(options)
  const log = open(options)
  await log.append(tagged("x"))
  const reading = await log.run((l) => Effect.flip(Stream.runDrain(l.follow(new Map([["control-events/0", 5]])))))
  expect(reading.message).toContain("ends at 1, but was read up to 5 before")
})

test("an event above what its topic takes is refused before it is sent, also once the topic takes less", async () => {
  const options = fresh()
  await makeTopics(options, { "max.message.bytes": "1000000" })
  const log = open(options)
  const large = (bytes: number) => log.run((l) => Effect.flip(l.append([renamed("run", "x".repeat(bytes))])))
  expect(await large(1_100_000)).toBeInstanceOf(EventTooLarge)
  await log.append(renamed("run", "x".repeat(990_000)))
  await lower(options, 100_000)
  await until(
    "the smaller limit to be known",
    () => large(500_000),
    (fault) => fault instanceof EventTooLarge,
  )
  expect(await large(500_000)).toMatchObject({ limit: expect.toSatisfy((limit: number) => limit < 100_000) })
  // Small ones that were to go together, and would be too large so, go one after another.
  const many = await log.append(...Array.from({ length: 10 }, () => renamed("run", "x".repeat(30_000))))
  expect(many).toHaveLength(10)
})

test("appends that are refused together learn the smaller limit once, and none of them is taken for too large", async () => {
  const options = fresh()
  await makeTopics(options, { "max.message.bytes": "1000000" }, 1)
  const log = open(options)
  await log.append(renamed("run", "x"))
  await lower(options, 20_000)
  const asGateways = (event: AnyEvent) =>
    log.run((l) => l.append([event]).pipe(Effect.retry({ while: (fault) => fault._tag === "LogUnavailable" })))
  const appended = Array.from({ length: 40 }, (_, i) => asGateways(renamed(`run${i}`, "x".repeat(3_000))))
  expect(await Promise.all(appended)).toHaveLength(40)
})

/** As an operator does to a log that is in use; the data's topic takes no larger batches from now on. */
const lower = async (options: KafkaOptions, bytes: number): Promise<void> => {
  const configEntries = [
    { name: "max.message.bytes", value: String(bytes) },
    { name: "retention.ms", value: "-1" },
  ]
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: options.topics["data-ingestion"], configEntries }]
  await administer(options.brokers, (admin) => admin.alterConfigs({ validateOnly: false, resources }))
}

test("what nobody of ours wrote is undecodable, and can be set aside with its place and the reason", async () => {
  const options = fresh()
  await makeTopics(options)
  const log = open(options)
  await log.append(tagged("before"))
  const client = new Kafka({ brokers: [...options.brokers], logLevel: logLevel.NOTHING })
  const producer = client.producer()
  await producer.connect()
  await producer.send({ topic: options.topics["control-events"], messages: [{ key: "k", value: "not ours" }] })
  await producer.disconnect()
  const records = (await log.run((l) => Stream.runCollect(l.source(new Map())))).flatMap((batch) => batch.records)
  const foreign = records.find((record) => record.type === "Undecodable")
  expect(foreign).toMatchObject({ key: "k", position: { topic: "control-events", partition: 0, offset: 1 } })
  expect(await log.run((l) => l.recordsAt([foreign!.position]))).toEqual([foreign])
  await log.run((l) => l.setAside([{ position: foreign!.position, reason: "the bytes do not begin with a schema id" }]))
  const consumer = client.consumer({ groupId: "dead-letters", sessionTimeout: 2_000, heartbeatInterval: 500 })
  onTestFinished(() => consumer.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topic: options.topics["dead-letters"], fromBeginning: true })
  const found = Promise.withResolvers<Readonly<Record<string, string>>>()
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers = {} } }) => {
      const texts = Object.entries(headers).map(([name, header]) => [name, String(header)])
      found.resolve({ ...Object.fromEntries(texts), key: String(key), value: String(value) })
    },
  })
  expect(await found.promise).toEqual({
    "matyan-topic": options.topics["control-events"],
    "matyan-partition": "0",
    "matyan-offset": "1",
    "matyan-reason": "the bytes do not begin with a schema id",
    key: "k",
    value: "not ours",
  })
})
