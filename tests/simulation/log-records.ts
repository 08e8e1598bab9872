import { partitionOf } from "../../domain/murmur2.ts"
import { type Partition, partitionName } from "../../domain/ports/event-log.ts"
import type { Position } from "../../events/index.ts"
import type { EncodedEvent } from "../../infra/avro/codec.ts"
import type { StoredRecord } from "../../infra/avro/decode-records.ts"
import { Group } from "./group.ts"

/** What is logged: survives whoever writes or reads. */
export class LogRecords {
  readonly partitions: readonly Partition[]
  readonly #records = new Map<string, StoredRecord[]>()
  readonly #waiting = new Set<() => void>()
  readonly groups = new Map<string, Group>()
  readonly #count: number

  constructor(count = 6) {
    this.#count = count
    this.partitions = [
      { topic: "control-events", partition: 0 },
      ...Array.from({ length: count }, (_, partition) => ({ topic: "data-ingestion" as const, partition })),
    ]
  }

  of(partition: Partition): StoredRecord[] {
    const name = partitionName(partition)
    const records = this.#records.get(name) ?? []
    this.#records.set(name, records)
    return records
  }

  ends(): readonly Position[] {
    return this.partitions.map((partition) => ({ ...partition, offset: this.of(partition).length }))
  }

  partitionOf({ topic, key }: Pick<EncodedEvent, "topic" | "key">): Partition {
    return { topic, partition: topic === "control-events" ? 0 : partitionOf(Buffer.from(key), this.#count) }
  }

  write(partition: Partition, key: string, bytes: Uint8Array): Position {
    const records = this.of(partition)
    const { length: offset } = records
    records.push({ offset, key, bytes })
    return { ...partition, offset }
  }

  /** Wakes whoever waits for records or for another share of them. */
  announce(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Done at the next announcement, or when the signal aborts. */
  announced(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve)
      signal.addEventListener("abort", () => resolve(), { once: true })
    })
  }

  group(name: string): Group {
    const group = this.groups.get(name) ?? new Group(this.partitions, () => this.announce())
    this.groups.set(name, group)
    return group
  }
}
