import type { IHeaders } from "kafkajs"
import type { SetAside } from "../../domain/ports/event-log.ts"
import type { KafkaClient } from "./client.ts"
import { isTooLarge } from "./faults.ts"
import { fetchFrom } from "./fetching.ts"
import { Linked } from "./link.ts"
import { patiently } from "./patience.ts"
import { leaderOf, type PartitionBatch, Producer } from "./producer.ts"
import type { KafkaOptions } from "./options.ts"

const longestReason = 1_000

/** Copies records by their positions to the topic of dead letters: key and value as they are, where and why in the headers. */
export class DeadLetters {
  readonly #linked: Linked
  readonly #producer: Producer
  readonly #client: KafkaClient
  readonly #topics: KafkaOptions["topics"]
  readonly #partitions: number
  #turn: Promise<unknown> = Promise.resolve()

  constructor(client: KafkaClient, topics: KafkaOptions["topics"], partitions: number) {
    this.#client = client
    this.#topics = topics
    this.#partitions = partitions
    this.#linked = new Linked(client, [topics["data-ingestion"], topics["control-events"]])
    this.#producer = new Producer(client, [topics["dead-letters"]])
  }

  add(letters: readonly SetAside[]): Promise<void> {
    const added = this.#turn.then(() => this.#addAll(letters))
    this.#turn = added.catch(() => undefined)
    return added
  }

  close(): void {
    this.#linked.close()
    this.#producer.close()
  }

  async #addAll(letters: readonly SetAside[]): Promise<void> {
    for (const letter of letters) await this.#add(letter)
  }

  async #add({ position, reason }: SetAside): Promise<void> {
    const { key, value } = await this.#record(position)
    const headers = {
      "matyan-topic": this.#topics[position.topic],
      "matyan-partition": String(position.partition),
      "matyan-offset": String(position.offset),
      "matyan-reason": reason.slice(0, longestReason),
    }
    try {
      await this.#producer.send([this.#batch(position.partition, key, value, headers)])
    } catch (error) {
      if (!isTooLarge(error)) throw error
      await this.#producer.send([
        this.#batch(position.partition, key, null, {
          ...headers,
          "matyan-left-out": "the value is larger than this topic takes",
        }),
      ])
    }
  }

  #batch(partition: number, key: Buffer | null, value: Buffer | null, headers: IHeaders): PartitionBatch {
    return { topic: this.#topics["dead-letters"], partition: partition % this.#partitions, messages: [{ key, value, headers }] }
  }

  async #record({ topic, partition, offset }: SetAside["position"]) {
    const from = { topic: this.#topics[topic], partition, offset }
    const fetched = await patiently(this.#client.requestTimeout, () =>
      this.#linked.use((cluster) => fetchFrom(cluster, leaderOf(cluster, from), [from], 0)),
    )
    const message = fetched[0]?.messages[0]
    if (message === undefined) throw new Error(`${from.topic}/${partition} has no record at ${offset}`)
    return message
  }
}
