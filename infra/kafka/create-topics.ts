import type { ITopicConfig } from "kafkajs"
import type { KafkaClient } from "./client.ts"
import type { KafkaOptions, KafkaTopic } from "./options.ts"
import { patiently } from "./patience.ts"
import { asAdmin, describeTopics, largestEvent, type TopicsFacts } from "./topics.ts"

export interface TopicShape {
  /** Of `data-ingestion`. */
  readonly partitions: number
  readonly replication: number
}

/** A topic that was missing, as it is made. */
export interface WantedTopic {
  readonly name: string
  readonly partitions: number
  readonly replication: number
  readonly settings: Readonly<Record<string, string>>
}

/** Room for the headers that say where a dead letter stood and why it is one. */
const headerRoom = 64 * 1024

const settingsOf = (topic: KafkaTopic, replication: number): Readonly<Record<string, string>> => ({
  "cleanup.policy": "delete",
  // With one broker less than there are replicas, events are still taken, and not by a single broker.
  "min.insync.replicas": String(Math.max(1, replication - 1)),
  ...(topic === "dead-letters"
    ? { "max.message.bytes": String(largestEvent + headerRoom) }
    : { "retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": String(largestEvent) }),
})

/** What is to be made of the topics that are missing. */
export const missingTopics = (
  facts: TopicsFacts,
  topics: KafkaOptions["topics"],
  { partitions, replication }: TopicShape,
): readonly WantedTopic[] =>
  (["data-ingestion", "control-events", "dead-letters"] as const)
    .filter((topic) => facts[topic] === null)
    .map((topic) => ({
      name: topics[topic],
      partitions: topic === "data-ingestion" ? partitions : 1,
      replication,
      settings: settingsOf(topic, replication),
    }))

/** Makes topics, and waits until the brokers know them; with `onlyTry` the brokers only say whether they would. */
export const createTopics = async (
  client: KafkaClient,
  topics: KafkaOptions["topics"],
  wanted: readonly WantedTopic[],
  onlyTry: boolean,
): Promise<void> => {
  if (wanted.length === 0) return
  const topicsToMake = wanted.map(topicConfig)
  await asAdmin(client, (admin) =>
    admin.createTopics({ topics: topicsToMake, validateOnly: onlyTry, waitForLeaders: false }),
  ).catch((error: unknown) => {
    throw new Error(`the brokers do not make the topics: ${reasonsOf(error).join("; ")}`, { cause: error })
  })
  if (onlyTry) return
  await patiently(client.requestTimeout, async () => {
    const facts = await describeTopics(client, topics)
    const unknown = Object.values(facts).filter((topic) => topic === null).length
    if (unknown > 0) throw new Error("the brokers do not know the new topics yet")
  })
}

/** kafkajs has one error for all topics, whose own message says nothing. */
const reasonsOf = (error: unknown): readonly string[] => {
  if (!(error instanceof Error)) return [String(error)]
  const inner: unknown = "errors" in error ? error.errors : undefined
  return Array.isArray(inner) ? [...new Set(inner.flatMap(reasonsOf))] : [error.message]
}

const topicConfig = ({ name, partitions, replication, settings }: WantedTopic): ITopicConfig => ({
  topic: name,
  numPartitions: partitions,
  replicationFactor: replication,
  configEntries: Object.entries(settings).map(([setting, value]) => ({ name: setting, value })),
})
