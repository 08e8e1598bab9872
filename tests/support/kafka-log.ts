import { Effect, Layer } from "effect"
import { Kafka, logLevel } from "kafkajs"
import { eventCodec } from "../../infra/avro/codec.ts"
import { kafkaLog } from "../../infra/kafka/event-log.ts"
import type { KafkaOptions } from "../../infra/kafka/options.ts"
import { lmdbRegistry } from "../../infra/lmdb/schema-registry.ts"
import { until } from "./wait.ts"
import type { EventLog } from "../../domain/ports/event-log.ts"

export const kafkaOptions = (address: string, name: string): KafkaOptions => ({
  brokers: [address],
  clientId: "matyan-tests",
  security: { protocol: "PLAINTEXT" },
  topics: { "data-ingestion": `${name}-data`, "control-events": `${name}-control`, "dead-letters": `${name}-dead` },
  groupPrefix: `${name}-`,
  sessionTimeoutMs: 2_000,
  requestTimeoutMs: 5_000,
})

/** Topics as the log wants them, or with some settings of their own. */
export const makeTopics = (
  { brokers, topics }: KafkaOptions,
  settings: Readonly<Record<string, string>> = {},
  partitions = 6,
): Promise<void> =>
  administer(brokers, async (admin) => {
    const wanted = { "retention.ms": "-1", "max.message.bytes": String(8 * 2 ** 20), ...settings }
    const configEntries = Object.entries(wanted).map(([name, value]) => ({ name, value }))
    const names = Object.values(topics)
    await admin.createTopics({
      // It asks before a broker that has just started knows of them.
      waitForLeaders: false,
      topics: [
        { topic: topics["data-ingestion"], numPartitions: partitions, configEntries },
        { topic: topics["control-events"], numPartitions: 1, configEntries },
        { topic: topics["dead-letters"], numPartitions: 1, configEntries },
      ],
    })
    await until(
      "topics to be known",
      () =>
        admin
          .fetchTopicMetadata({ topics: names })
          .then(({ topics }) => topics.length)
          .catch(() => 0),
      (length) => length === names.length,
    )
  })

export type Admin = ReturnType<Kafka["admin"]>

export const administer = async <A>(brokers: readonly string[], work: (admin: Admin) => Promise<A>): Promise<A> => {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Appends one record, whatever it is, and answers its offset. */
export const produce = async (
  brokers: readonly string[],
  topic: string,
  partition: number,
  key: string,
  value: Buffer,
): Promise<number> => {
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  try {
    const [written] = await producer.send({ topic, messages: [{ partition, key, value }] })
    return Number(written?.baseOffset)
  } finally {
    await producer.disconnect()
  }
}

/** A log whose schemas are in a folder; `ready` is awaited before it is opened. */
export const kafkaLogIn = (
  options: KafkaOptions,
  folder: string,
  ready: () => Promise<void> = () => Promise.resolve(),
): Layer.Layer<EventLog, unknown> =>
  Layer.unwrap(Effect.as(Effect.promise(ready), kafkaLog(options))).pipe(
    Layer.provide(eventCodec()),
    Layer.provide(lmdbRegistry({ folder })),
  )
