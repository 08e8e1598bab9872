import { Effect, Layer, type Scope, Stream } from "effect"
import type { Topic } from "../../events/define.ts"
import type { AnyEvent, Position } from "../../events/index.ts"
import { partitionOf } from "../../domain/murmur2.ts"
import { endsAmong } from "../../domain/positions.ts"
import { EventLog, EventTooLarge, LogUnavailable, type Partition } from "../../domain/ports/event-log.ts"
import { EventCodec } from "../avro/codec.ts"
import { decodeAt } from "../avro/decode-records.ts"
import { BatchLimits, type Limits } from "./batch-limits.ts"
import { type KafkaClient, kafkaClient, quietLog } from "./client.ts"
import { examineTopics } from "./examine.ts"
import { isTooLarge, unavailable } from "./faults.ts"
import { batchOverhead, GroupSend, type Placed, recordBytes } from "./group-send.ts"
import { Linked } from "./link.ts"
import { readOn, readTo } from "./log-reading.ts"
import { readAt } from "./point-reading.ts"
import type { KafkaOptions } from "./options.ts"
import { patiently } from "./patience.ts"
import { Producer } from "./producer.ts"
import { DeadLetters } from "./set-aside.ts"
import { shareByGroup } from "./share.ts"
import { describeTopics, largestEvent, type TopicsFacts } from "./topics.ts"

const defaultSessionMs = 6_000
/** How long appends that are under way when the log is closed may still take. */
const drainMs = 5_000

/** The log in a Kafka cluster, for any number of writers and readers. */
export const kafkaLog = (options: KafkaOptions): Layer.Layer<EventLog, LogUnavailable, EventCodec> =>
  Layer.effect(
    EventLog,
    Effect.gen(function* () {
      const codec = yield* EventCodec
      const log = yield* openLog(options)
      const reading = { client: log.client, codec, topicName: log.topicName }
      const ends = asking(log, "the ends of the log cannot be asked for", () => endsOf(log))
      return {
        append: (events) => append(log, codec, events),
        source: (from, only) => Stream.unwrap(Effect.map(ends, (until) => readTo(reading, from, endsAmong(until, only)))),
        follow: (from, only = log.partitions) => readOn(reading, from, only),
        share: (group, share) => {
          const membership = {
            group: `${options.groupPrefix ?? ""}${group}`,
            sessionTimeoutMs: options.sessionTimeoutMs ?? defaultSessionMs,
          }
          return shareByGroup(reading, membership, share)
        },
        setAside: (letters) => {
          const { deadLetters } = log
          if (deadLetters === null)
            return Effect.logWarning("there is no topic to copy dead letters to", { letters: letters.length })
          return asking(log, "dead letters cannot be copied", () => deadLetters.add(letters))
        },
        recordsAt: (positions) => {
          const stored = asking(log, "records of the log cannot be asked for", async () => {
            const ends = await endsOf(log)
            return log.linked.use((cluster) => readAt(cluster, positions, { topicName: log.topicName, ends }))
          })
          return Effect.flatMap(stored, (found) => decodeAt(codec, positions, found))
        },
        ends,
      }
    }),
  )

interface OpenLog {
  readonly client: KafkaClient
  readonly options: KafkaOptions
  readonly topicName: (topic: Topic) => string
  readonly partitions: readonly Partition[]
  /** How many partitions `data-ingestion` has. */
  readonly count: number
  readonly limits: BatchLimits
  readonly linked: Linked
  readonly sends: GroupSend
  readonly deadLetters: DeadLetters | null
  readonly close: () => Promise<void>
}

const openLog = (options: KafkaOptions): Effect.Effect<OpenLog, LogUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const away = unavailable(`the log at ${options.brokers.join(", ")} cannot be used`)
    const log = yield* quietLog
    const client = yield* Effect.try({ try: () => kafkaClient(options, log), catch: away })
    const { facts, findings } = yield* Effect.tryPromise({
      try: (signal) => patiently(client.requestTimeout, () => examineTopics(client, options), signal),
      catch: away,
    })
    for (const warning of findings.warnings) yield* Effect.logWarning(warning)
    if (findings.faults.length > 0) return yield* Effect.fail(new LogUnavailable({ message: findings.faults.join("; ") }))
    return yield* Effect.acquireRelease(
      Effect.sync(() => openWith(client, options, facts)),
      ({ close }) => Effect.promise(close),
    )
  })

const openWith = (client: KafkaClient, options: KafkaOptions, facts: TopicsFacts): OpenLog => {
  const count = facts["data-ingestion"]?.partitions ?? 0
  const topicName = (topic: Topic): string => options.topics[topic]
  const names = [topicName("data-ingestion"), topicName("control-events")]
  const linked = new Linked(client, names)
  const producer = new Producer(client, names)
  const limits = new BatchLimits(facts, () => describeTopics(client, options.topics))
  const sends = new GroupSend(producer, { topicName, largestBatch: (topic) => limits.known[topic] })
  const letters = facts["dead-letters"]
  const deadLetters = letters === null ? null : new DeadLetters(client, options.topics, letters.partitions)
  const close = async (): Promise<void> => {
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, drainMs)
    await Promise.race([sends.idle(), late.promise])
    clearTimeout(timer)
    producer.close()
    linked.close()
    deadLetters?.close()
  }
  return { client, options, topicName, partitions: partitionsOf(count), count, limits, linked, sends, deadLetters, close }
}

const partitionsOf = (count: number): readonly Partition[] => [
  { topic: "control-events", partition: 0 },
  ...Array.from({ length: count }, (_, partition) => ({ topic: "data-ingestion" as const, partition })),
]

const asking = <A>({ client }: OpenLog, message: string, ask: () => Promise<A>): Effect.Effect<A, LogUnavailable> =>
  Effect.tryPromise({ try: (signal) => patiently(client.requestTimeout, ask, signal), catch: unavailable(message) })

const append = (
  log: OpenLog,
  codec: EventCodec["Service"],
  events: readonly AnyEvent[],
): Effect.Effect<readonly Position[], LogUnavailable | EventTooLarge> =>
  Effect.suspend((): ReturnType<typeof append> => {
    if (events.length === 0) return Effect.succeed([])
    const limits = log.limits.known
    const placed = place(log, limits, codec, events)
    if (placed instanceof EventTooLarge) return Effect.fail(placed)
    return Effect.tryPromise({ try: () => log.sends.append(placed), catch: unavailable("the events cannot be written") }).pipe(
      Effect.tapError(({ cause }) => (isTooLarge(cause) ? Effect.promise(() => log.limits.learn(limits)) : Effect.void)),
    )
  })

const place = (
  log: OpenLog,
  limits: Limits,
  codec: EventCodec["Service"],
  events: readonly AnyEvent[],
): readonly Placed[] | EventTooLarge => {
  const placed: Placed[] = []
  for (const event of events) {
    const { topic, key: text, bytes } = codec.encode(event)
    const key = Buffer.from(text)
    const over = recordBytes({ key, bytes }) + batchOverhead - bytes.length
    const limit = Math.min(largestEvent, limits[topic] - over)
    if (bytes.length > limit)
      return new EventTooLarge({
        message: "the event is larger than the log takes",
        type: event.type,
        bytes: bytes.length,
        limit,
      })
    placed.push({ topic, partition: topic === "control-events" ? 0 : partitionOf(key, log.count), key, bytes })
  }
  return placed
}

const endsOf = ({ linked, topicName, partitions }: OpenLog): Promise<readonly Position[]> =>
  linked.use(async (cluster) => {
    const asked = Array.from(
      Map.groupBy(partitions, ({ topic }) => topicName(topic)),
      ([topic, some]) => ({ topic, partitions: some.map(({ partition }) => ({ partition })), fromBeginning: false }),
    )
    const ends = new Map<string, number>()
    for (const { topic, partitions: answered } of await cluster.fetchTopicsOffset(asked))
      for (const { partition, offset } of answered) ends.set(`${topic}/${partition}`, Number(offset))
    return partitions.map(({ topic, partition }) => {
      const offset = ends.get(`${topicName(topic)}/${partition}`)
      if (offset === undefined) throw new Error(`no broker told the end of ${topicName(topic)}/${partition}`)
      return { topic, partition, offset }
    })
  })
