import type { Broker, Cluster, ProducedMessage } from "kafkajs/src/cluster/index.js"
import type { KafkaClient } from "./client.ts"
import { Linked } from "./link.ts"
import { patiently } from "./patience.ts"

/** What goes to one partition, by its topic's name there, as one batch of records: all of it is written or none. */
export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly ProducedMessage[]
}

interface Identity {
  readonly producerId: string
  readonly producerEpoch: number
  /** The next sequence number of each partition. */
  readonly sequences: Map<string, number>
}

interface Numbered extends PartitionBatch {
  readonly firstSequence: number
}

/**
 * An idempotent producer: the broker knows a batch by (producer id, sequence number) and writes it once, however often it is
 * sent. One `send` at a time.
 *
 * After a send whose outcome is not known, another batch under the same sequence numbers might be taken for the lost one,
 * acknowledged and never written. So what is tried again within a send is the very same batch, and once a send has failed, its
 * producer id is never used again.
 */
export class Producer {
  readonly #linked: Linked
  readonly #client: KafkaClient
  #identity: Identity | undefined

  constructor(client: KafkaClient, topics: readonly string[]) {
    this.#client = client
    this.#linked = new Linked(client, topics)
  }

  /**
   * Answers the offset of the first record of each batch once all replicas in sync have it; at most one batch for each partition.
   * When it fails, any of the batches may have been written, or may yet be.
   */
  async send(batches: readonly PartitionBatch[]): Promise<readonly number[]> {
    const identity = await this.#identified()
    const numbered = batches.map((batch) => ({ ...batch, firstSequence: identity.sequences.get(nameOf(batch)) ?? 0 }))
    const offsets = new Map<string, number>()
    try {
      await patiently(this.#client.requestTimeout, () => this.#linked.use((cluster) => this.#attempt(cluster, numbered, offsets)))
    } catch (error) {
      this.#identity = undefined
      throw error
    }
    for (const { firstSequence, messages, ...partition } of numbered)
      identity.sequences.set(nameOf(partition), firstSequence + messages.length)
    return batches.map((batch) => offsets.get(nameOf(batch))!)
  }

  close(): void {
    this.#linked.close()
  }

  /** Drops the producer id and the connection, as after a failed send. */
  renew(): void {
    this.#identity = undefined
    this.#linked.drop()
  }

  async #identified(): Promise<Identity> {
    const known = this.#identity
    if (known !== undefined && [...known.sequences.values()].every((sequence) => sequence < lastSequence)) return known
    const asked = await patiently(this.#client.requestTimeout, () => this.#linked.use(identify))
    this.#identity = { ...asked, sequences: new Map() }
    return this.#identity
  }

  /** Sends what has no answer yet, to the leaders as they are known now. */
  async #attempt(cluster: Cluster, batches: readonly Numbered[], offsets: Map<string, number>): Promise<void> {
    const byLeader = new Map<string, Numbered[]>()
    for (const batch of batches.filter((each) => !offsets.has(nameOf(each)))) {
      const leader = leaderOf(cluster, batch)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch])
    }
    await Promise.all(
      Array.from(byLeader, async ([nodeId, some]) => {
        const answered = await this.#produce(await cluster.findBroker({ nodeId }), some)
        for (const [name, offset] of answered) offsets.set(name, offset)
      }),
    )
    const missing = batches.find((batch) => !offsets.has(nameOf(batch)))
    if (missing !== undefined) throw new Error(`no broker answered for ${nameOf(missing)}`)
  }

  async #produce(broker: Broker, batches: readonly Numbered[]): Promise<ReadonlyMap<string, number>> {
    const { producerId, producerEpoch } = this.#identity!
    const answer = await broker.produce({
      acks: -1,
      timeout: this.#client.requestTimeout,
      producerId,
      producerEpoch,
      topicData: Map.groupBy(batches, ({ topic }) => topic)
        .entries()
        .map(([topic, partitions]) => ({ topic, partitions }))
        .toArray(),
    })
    const offsets = new Map<string, number>()
    for (const { topicName, partitions } of answer.topics)
      for (const { partition, baseOffset } of partitions)
        // A broker that knows only that it has had the batch, not where, says -1.
        if (Number(baseOffset) >= 0) offsets.set(nameOf({ topic: topicName, partition }), Number(baseOffset))
    return offsets
  }
}

/** Sequence numbers are 32 bits wide; long before, the next producer id begins at 0 again. */
const lastSequence = 2 ** 31 - 1_000_000

const identify = async (cluster: Cluster): Promise<Omit<Identity, "sequences">> => {
  const broker = await cluster.findControllerBroker()
  // The time-out is that of transactions, of which there are none.
  const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 })
  return { producerId, producerEpoch }
}

export const leaderOf = (
  cluster: Cluster,
  { topic, partition }: { readonly topic: string; readonly partition: number },
): string => {
  const [leader] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]))
  if (leader === undefined) throw new Error(`${topic}/${partition} has no leader, or does not exist`)
  return leader
}

const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string => `${topic}/${partition}`
