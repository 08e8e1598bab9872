/**
 * Appends that come while a send is under way go together in the next one. One send at a time, so the order in which events
 * of a key were appended is the order in which they stand in its partition. Whoever appends waits for the answer, so what
 * waits here is bounded by who may have appends under way: the sockets' budget, and one command for each request.
 */
import { type Partition, partitionName } from "../../domain/ports/event-log.ts"
import type { Position } from "../../events/index.ts"
import type { PartitionBatch, Producer } from "./producer.ts"

/** A send takes no further event once it has this much. */
const fullSend = { records: 10_000, bytes: 8 * 1024 * 1024 }
/** Bytes of one partition in one send; a topic that takes less sets the bound itself. */
const fullBatch = 4 * 1024 * 1024

export interface Placed extends Partition {
  readonly key: Uint8Array
  readonly bytes: Uint8Array
}

export interface GroupSendOptions {
  readonly topicName: (topic: Partition["topic"]) => string
  /** Most bytes of a batch of records (`max.message.bytes`). */
  readonly largestBatch: (topic: Partition["topic"]) => number
}

interface Append {
  readonly events: readonly Placed[]
  readonly positions: Position[]
  readonly done: PromiseWithResolvers<readonly Position[]>
}

interface Item {
  readonly append: Append
  readonly event: Placed
}

/** The bytes that a record takes within a batch, at most: its lengths, deltas and attributes beside key and value. */
export const recordBytes = ({ key, bytes }: Pick<Placed, "key" | "bytes">): number => key.length + bytes.length + 32
/** What a batch of records takes beside them. */
export const batchOverhead = 61

export class GroupSend {
  readonly #producer: Producer
  readonly #options: GroupSendOptions
  #waiting: Item[] = []
  #working: Promise<void> = Promise.resolve()
  #busy = false

  constructor(producer: Producer, options: GroupSendOptions) {
    this.#producer = producer
    this.#options = options
  }

  /** Resolves when all events are durable; when it rejects, some of them may be written, or may yet be. */
  append(events: readonly Placed[]): Promise<readonly Position[]> {
    const append: Append = { events, positions: [], done: Promise.withResolvers() }
    for (const event of events) this.#waiting.push({ append, event })
    if (!this.#busy) this.#working = this.#work()
    return append.done.promise
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#working
  }

  async #work(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length > 0) {
      // What other sockets have brought in the same turn of the event loop goes along: a tenth fewer requests.
      await thisTurn()
      await this.#send(this.#nextSend())
    }
    this.#busy = false
  }

  #nextSend(): readonly Item[] {
    const filled = new Map<string, number>()
    let [count, bytes] = [0, 0]
    for (const { event } of this.#waiting) {
      const name = partitionName(event)
      const size = recordBytes(event)
      const inPartition = (filled.get(name) ?? batchOverhead) + size
      const most = Math.min(fullBatch, this.#options.largestBatch(event.topic))
      // An event that is allowed by itself always goes, though it were larger than what goes together.
      if (inPartition > most && filled.has(name)) break
      if (count > 0 && (count >= fullSend.records || bytes + size > fullSend.bytes)) break
      filled.set(name, inPartition)
      count++
      bytes += size
    }
    return this.#waiting.splice(0, count)
  }

  async #send(items: readonly Item[]): Promise<void> {
    const byPartition = Map.groupBy(items, ({ event }) => partitionName(event))
    try {
      const offsets = await this.#producer.send(Array.from(byPartition.values(), (some) => this.#batchOf(some)))
      const next = new Map(Array.from(byPartition.keys(), (name, i) => [name, offsets[i]!]))
      for (const { append, event } of items) this.#settle(append, takePosition(next, event))
    } catch (error) {
      this.#fail(new Set(items.map(({ append }) => append)), error)
    }
  }

  #batchOf(items: readonly Item[]): PartitionBatch {
    const { topic, partition } = items[0]!.event
    return {
      topic: this.#options.topicName(topic),
      partition,
      messages: items.map(({ event }) => ({ key: event.key, value: event.bytes })),
    }
  }

  #settle(append: Append, position: Position): void {
    append.positions.push(position)
    if (append.positions.length === append.events.length) append.done.resolve(append.positions)
  }

  /** What is left of an append that failed does not go: its caller appends the whole of it again. */
  #fail(failed: ReadonlySet<Append>, error: unknown): void {
    this.#waiting = this.#waiting.filter(({ append }) => !failed.has(append))
    for (const { done } of failed) done.reject(error)
  }
}

/** Until all that is there to be read now was read. */
const thisTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const takePosition = (next: Map<string, number>, { topic, partition }: Placed): Position => {
  const name = partitionName({ topic, partition })
  const offset = next.get(name)!
  next.set(name, offset + 1)
  return { topic, partition, offset }
}
