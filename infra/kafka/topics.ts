/** What the topics of the log are like, and what they must be like. */
import kafkajs, { type Admin, Kafka } from "kafkajs"
import type { KafkaClient } from "./client.ts"
import type { KafkaOptions, KafkaTopic } from "./options.ts"
import { trackedSockets } from "./link.ts"
import { faultType } from "./faults.ts"

/** Most bytes of an encoded event, whatever a topic would take. */
export const largestEvent = 8 * 1024 * 1024
/** What brokers take where nothing is set. */
const defaultLargestBatch = 1_048_588

export interface TopicFacts {
  readonly name: string
  readonly partitions: number
  readonly replication: number
  /** Its settings by name; null where we may not ask for them. */
  readonly settings: ReadonlyMap<string, string> | null
}

export type TopicsFacts = Readonly<Record<KafkaTopic, TopicFacts | null>>

export interface Findings {
  /** Why the log must not be used so. */
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
}

/** Runs work with an admin client, which is ended whatever happens. */
export const asAdmin = async <A>(client: KafkaClient, work: (admin: Admin) => Promise<A>): Promise<A> => {
  const sockets = trackedSockets()
  const retry = { retries: client.brokers.length + 1, initialRetryTime: 50, maxRetryTime: 500 }
  const admin = new Kafka({ ...client, socketFactory: sockets.factory, retry }).admin()
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    sockets.destroy()
  }
}

export const describeTopics = (client: KafkaClient, topics: KafkaOptions["topics"]): Promise<TopicsFacts> =>
  asAdmin(client, async (admin) => ({
    "data-ingestion": await describeTopic(admin, topics["data-ingestion"]),
    "control-events": await describeTopic(admin, topics["control-events"]),
    "dead-letters": await describeTopic(admin, topics["dead-letters"]),
  }))

const describeTopic = async (admin: Admin, name: string): Promise<TopicFacts | null> => {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
    const partitions = topics.find((topic) => topic.name === name)?.partitions ?? []
    const replication = Math.min(...partitions.map(({ replicas }) => replicas.length))
    return { name, partitions: partitions.length, replication, settings: await settingsOf(admin, name) }
  } catch (error) {
    if (faultType(error) === "UNKNOWN_TOPIC_OR_PARTITION") return null
    throw error
  }
}

const settingsOf = async (admin: Admin, name: string): Promise<ReadonlyMap<string, string> | null> => {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
    })
    return new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]))
  } catch (error) {
    if (faultType(error)?.endsWith("AUTHORIZATION_FAILED") === true) return null
    throw error
  }
}

/** Most bytes of one batch of records in a topic. Where we may not ask, what brokers take by default. */
export const largestBatchOf = (facts: TopicFacts | null): number =>
  Number(facts?.settings?.get("max.message.bytes") ?? defaultLargestBatch)

type Expected = Pick<KafkaOptions, "topics" | "partitions" | "allowFiniteRetention">

/** Holds the topics to what the log needs. */
export const judgeTopics = (facts: TopicsFacts, expected: Expected): Findings => {
  const faults: string[] = []
  const warnings: string[] = []
  for (const topic of ["data-ingestion", "control-events"] as const) {
    const found = facts[topic]
    const name = expected.topics[topic]
    if (found === null) faults.push(`the topic ${name} is missing; "matyan topics create" makes it`)
    else judgeTopic(found, expected.allowFiniteRetention === true, faults, warnings)
  }
  judgePartitions(facts, expected, faults)
  if (facts["dead-letters"] === null)
    warnings.push(
      `the topic ${expected.topics["dead-letters"]} is missing, so records that cannot be folded are copied nowhere; ` +
        '"matyan topics create" makes it',
    )
  return { faults, warnings }
}

const judgePartitions = (facts: TopicsFacts, { partitions }: Expected, faults: string[]): void => {
  const [data, control] = [facts["data-ingestion"], facts["control-events"]]
  if (control !== null && control.partitions !== 1)
    faults.push(`the topic ${control.name} has ${control.partitions} partitions; it must have 1, as its events have one order`)
  if (data !== null && partitions !== undefined && data.partitions !== partitions)
    faults.push(
      `the topic ${data.name} has ${data.partitions} partitions, not ${partitions}: if it was made so, set MATYAN_PARTITIONS to ` +
        `${data.partitions}; if partitions were added since, runs would move between them, and the topic must be copied into one ` +
        `with the count it began with`,
    )
}

const judgeTopic = (
  { name, settings, replication }: TopicFacts,
  allowFinite: boolean,
  faults: string[],
  warnings: string[],
): void => {
  if (settings === null) {
    warnings.push(
      `the settings of the topic ${name} may not be described, so nothing tells whether it deletes records, and events above ` +
        `${defaultLargestBatch} bytes are refused; grant DescribeConfigs`,
    )
    return
  }
  const is = (setting: string): string => settings.get(setting) ?? ""
  if (is("cleanup.policy") !== "delete")
    faults.push(
      `the topic ${name} has cleanup.policy=${is("cleanup.policy")}, which removes records; ${altering(name, "cleanup.policy=delete")}`,
    )
  for (const setting of ["retention.ms", "retention.bytes"]) {
    if (Number(is(setting)) === -1) continue
    const says = `the topic ${name} has ${setting}=${is(setting)}, so it deletes records, which are the only truth`
    if (allowFinite) warnings.push(says)
    else faults.push(`${says}; ${altering(name, `${setting}=-1`)}, or set MATYAN_ALLOW_FINITE_RETENTION=true`)
  }
  const inSync = Number(is("min.insync.replicas"))
  if (replication < 2) warnings.push(`the topic ${name} has one replica: what its broker's disk loses is lost`)
  else if (inSync < 2)
    warnings.push(`the topic ${name} has min.insync.replicas=${inSync}: an event may be acknowledged that a single broker has`)
  else if (inSync >= replication)
    warnings.push(
      `the topic ${name} has min.insync.replicas=${inSync} of ${replication} replicas: nothing is written while one is down`,
    )
  if (Number(is("max.message.bytes")) < largestEvent)
    warnings.push(
      `the topic ${name} has max.message.bytes=${is("max.message.bytes")}: larger events are refused; ${largestEvent} is advised`,
    )
}

const altering = (name: string, setting: string): string =>
  `kafka-configs.sh --alter --entity-type topics --entity-name ${name} --add-config ${setting}`
