import { Effect, Stream } from "effect"
import type { Cluster, FetchedMessage } from "kafkajs/src/cluster/index.js"
import { type Batch, type LogUnavailable, type Partition, partitionName, type Starts } from "../../domain/ports/event-log.ts"
import type { Position } from "../../events/index.ts"
import type { EventCodec } from "../avro/codec.ts"
import { decodeRecords } from "../avro/decode-records.ts"
import type { KafkaClient } from "./client.ts"
import { unavailable } from "./faults.ts"
import { byLeader, type Fetched, fetchFrom, type From } from "./fetching.ts"
import { Linked } from "./link.ts"
import { Patience } from "./patience.ts"

/** A batch ends after so many records, or once their bytes reach so much. */
const fullBatch = { records: 5_000, bytes: 1024 * 1024 }
/** How long a broker lets a request wait for records to come. */
const waitMs = 500

interface Place extends Partition {
  readonly topicName: string
  /** The offset after the last record that was fetched. */
  fetched: number
  readonly until: number
}

/** Fetched records of a partition that are not yet in a batch. */
interface Chunk {
  readonly place: Place
  readonly messages: readonly FetchedMessage[]
}

type Answer = { readonly fetched: readonly Fetched[] } | { readonly fault: unknown }

export interface ReadingOptions {
  readonly client: KafkaClient
  readonly codec: EventCodec["Service"]
  readonly topicName: (topic: Partition["topic"]) => string
}

/** Reads each partition from its start to the offset in `ends`, then ends. */
export const readTo = (options: ReadingOptions, from: Starts, ends: readonly Position[]): Stream.Stream<Batch, LogUnavailable> =>
  read(options, from, ends)

/** Reads each partition from its start on, and waits for what comes. */
export const readOn = (
  options: ReadingOptions,
  from: Starts,
  partitions: readonly Partition[],
): Stream.Stream<Batch, LogUnavailable> =>
  read(
    options,
    from,
    partitions.map((partition) => ({ ...partition, offset: Number.POSITIVE_INFINITY })),
  )

const read = (options: ReadingOptions, from: Starts, ends: readonly Position[]): Stream.Stream<Batch, LogUnavailable> =>
  Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new LogReading(options, from, ends)),
        (reading) => Effect.sync(() => reading.close()),
      ),
      (reading) => Stream.unfold(reading, (reading) => step(reading, options.codec)),
    ),
  )

const step = (reading: LogReading, codec: EventCodec["Service"]) =>
  Effect.gen(function* () {
    const chunk = yield* Effect.tryPromise({
      try: (signal) => reading.next(signal),
      catch: unavailable("the log cannot be read"),
    })
    if (chunk === undefined) return undefined
    const { topic, partition } = chunk.place
    const stored = chunk.messages.map(storedRecord)
    const records = yield* decodeRecords(codec, { topic, partition }, stored)
    return [{ topic, partition, records, next: stored.at(-1)!.offset + 1 }, reading] as const
  })

const nothing = Buffer.alloc(0)

export const storedRecord = ({ offset, key, value }: FetchedMessage) => ({
  offset: Number(offset),
  key: key?.toString() ?? "",
  bytes: value ?? nothing,
})

/**
 * One reader of some partitions, with a link of its own. There is at most one request at each leader, for all its partitions,
 * so no partition waits for the poll of another; and the next one is on its way while the last of its answer is read, so what is
 * held is one answer of each leader and the batch that was handed out.
 */
class LogReading {
  readonly #linked: Linked
  readonly #places: Place[]
  readonly #patience: Patience
  #ready: Chunk[] = []
  #asked = new Map<string, Promise<{ readonly nodeId: string; readonly answer: Answer }>>()

  constructor({ client, topicName }: ReadingOptions, from: Starts, ends: readonly Position[]) {
    this.#places = ends.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      topicName: topicName(topic),
      fetched: from.get(partitionName({ topic, partition })) ?? 0,
      until: offset,
    }))
    this.#linked = new Linked(client, [...new Set(this.#places.map((place) => place.topicName))])
    this.#patience = new Patience(client.requestTimeout)
  }

  /** Some records of one partition; undefined when all partitions are read to where they were to be. */
  async next(signal: AbortSignal): Promise<Chunk | undefined> {
    for (;;) {
      const chunk = this.#takeReady()
      if (chunk !== undefined) {
        if (this.#ready.length === 0) this.#askAhead()
        return chunk
      }
      if (this.#open().length === 0) return undefined
      await this.#fetch(signal)
    }
  }

  close(): void {
    this.#linked.close()
  }

  #open(): readonly Place[] {
    return this.#places.filter(({ fetched, until }) => fetched < until)
  }

  /** The first of what is fetched, cut to a batch; what is left of it goes to the end, so that each partition gets its turn. */
  #takeReady(): Chunk | undefined {
    const chunk = this.#ready.shift()
    if (chunk === undefined) return undefined
    const count = batchLength(chunk.messages)
    if (count < chunk.messages.length) this.#ready.push({ ...chunk, messages: chunk.messages.slice(count) })
    return { ...chunk, messages: chunk.messages.slice(0, count) }
  }

  /** Waits for the answer of any leader. */
  async #fetch(signal: AbortSignal): Promise<void> {
    try {
      await this.#linked.use(async (cluster) => {
        this.#ask(cluster)
        const { nodeId, answer } = await Promise.race(this.#asked.values())
        this.#asked.delete(nodeId)
        if ("fault" in answer) throw answer.fault
        this.#take(answer.fetched)
      })
      this.#patience.succeeded()
    } catch (fault) {
      this.#asked = new Map()
      await this.#patience.after(fault, signal)
    }
  }

  /**
   * Lets the next answers come while the last of what is ready is folded. Asked for earlier they would hold little, and what
   * came after them would wait for another round.
   */
  #askAhead(): void {
    this.#linked
      .use(async (cluster) => this.#ask(cluster))
      // The fault is met again, and then told, by whoever asks next.
      .catch(() => (this.#asked = new Map()))
  }

  /** Sends a request to each leader that has none. */
  #ask(cluster: Cluster): void {
    // A broker fills its answer in the order of the request, up to a size: each partition comes first in its turn.
    this.#places.push(...this.#places.splice(0, 1))
    const places = new Map(this.#open().map((place) => [`${place.topicName}/${place.partition}`, place]))
    const froms = Array.from(places.values(), ({ topicName, partition, fetched }) => ({
      topic: topicName,
      partition,
      offset: fetched,
    }))
    for (const [nodeId, some] of byLeader(cluster, froms)) {
      if (this.#asked.has(nodeId)) continue
      const answer = fetchFrom(cluster, nodeId, some, waitMs).then(
        (fetched): Answer => ({ fetched }),
        (fault: unknown): Answer => ({ fault }),
      )
      this.#asked.set(
        nodeId,
        answer.then((answer) => ({ nodeId, answer })),
      )
    }
  }

  #take(fetched: readonly Fetched[]): void {
    for (const { from, messages } of fetched) {
      const place = this.#placeOf(from)
      // Asked twice while its leader changed.
      if (from.offset !== place.fetched) continue
      const wanted = messages.slice(0, Math.max(0, place.until - place.fetched))
      if (wanted.length === 0) continue
      place.fetched += wanted.length
      this.#ready.push({ place, messages: wanted })
    }
  }

  #placeOf(from: From): Place {
    return this.#places.find(({ topicName, partition }) => topicName === from.topic && partition === from.partition)!
  }
}

const batchLength = (messages: readonly FetchedMessage[]): number => {
  let bytes = 0
  for (const [i, { value }] of messages.entries()) {
    bytes += value?.length ?? 0
    if (bytes >= fullBatch.bytes || i + 1 >= fullBatch.records) return i + 1
  }
  return messages.length
}
