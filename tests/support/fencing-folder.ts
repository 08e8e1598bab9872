import { Effect } from "effect"
import { type Batch, type Partition, partitionName, type Share, type Starts } from "../../domain/ports/event-log.ts"
import { until } from "./wait.ts"

/** Folds a batch only where it continues what is folded, as the store's checkpoint makes projectors do. */
export class FencingFolder {
  /** Batches whose records do not follow one another. */
  readonly gaps: string[] = []
  readonly #folded: Batch[] = []
  readonly #checkpoints: Map<string, number>

  constructor(from: Starts) {
    this.#checkpoints = new Map(from)
  }

  readonly share: Share<never> = {
    start: (partition) => Effect.sync(() => this.#checkpoint(partition)),
    take: (batch) => Effect.sync(() => this.#take(batch)),
  }

  /** The ids of what is folded, in the order of folding. */
  ids(): readonly string[] {
    return this.#folded.flatMap(({ records }) =>
      records.map((record) => (record.type === "Undecodable" ? "undecodable" : record.meta.id)),
    )
  }

  holds(count: number): Promise<unknown> {
    return until(
      `${count} folded records`,
      () => this.ids().length,
      (length) => length >= count,
      60,
    )
  }

  #take(batch: Batch): number {
    const checkpoint = this.#checkpoint(batch)
    const offsets = batch.records.map((record) => record.position.offset)
    if (offsets.some((offset, i) => offset !== offsets[0]! + i)) this.gaps.push(`${partitionName(batch)}: ${offsets.join()}`)
    if (offsets[0] !== checkpoint) return checkpoint
    this.#folded.push(batch)
    this.#checkpoints.set(partitionName(batch), batch.next)
    return batch.next
  }

  #checkpoint(partition: Partition): number {
    return this.#checkpoints.get(partitionName(partition)) ?? 0
  }
}
