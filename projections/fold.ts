/** The heart: a batch of one partition folds, and its checkpoint moves, in one transaction. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import type { Transaction } from "../domain/ports/key-value-store.ts"
import type { Batch } from "../domain/ports/event-log.ts"
import { keyOf, type Recorded, type Undecodable } from "../events/index.ts"
import { FoldContext } from "./context.ts"
import { folds } from "./index.ts"
import { defaultSliceSize, hasJobs } from "./jobs.ts"
import { NewPositions } from "./positions.ts"
import { type Fold, Unfoldable } from "./projector.ts"
import { type Rows, WritableRows } from "./rows.ts"
import type { Generation } from "./subspaces.ts"
import { foldedWhenDeleted } from "./trash.ts"

/** What came of a batch. */
export type FoldOutcome =
  /** Folded (or folded before). `unfolded` could not be and are dead letters; `hasJobs` tells that slices are left to do. */
  | { readonly _tag: "Folded"; readonly unfolded: readonly Unfolded[]; readonly hasJobs: boolean }
  /** The batch does not continue from the checkpoint: another folds this partition. Read again from `checkpoint`. */
  | { readonly _tag: "OutOfStep"; readonly checkpoint: number }

export interface Unfolded {
  readonly record: Recorded | Undecodable
  readonly reason: string
}

/** The next offset to fold of a partition. */
export const checkpointOf = async (rows: Rows, { topic, partition }: Pick<Batch, "topic" | "partition">): Promise<number> =>
  Number((await rows.get("marks", ["checkpoint", topic, partition])) ?? 0)

/** The checkpoints of all partitions that have one, by `topic/partition`. */
export const checkpoints = async (rows: Rows): Promise<ReadonlyMap<string, number>> =>
  new Map(
    (await rows.under("marks", ["checkpoint"])).map(({ rest, bytes }) => [
      `${String(rest[0])}/${String(rest[1])}`,
      Number(decodeValue(bytes)),
    ]),
  )

/**
 * Folds a batch. What was folded before is skipped by the checkpoint, and a gap is refused, so that there is neither a
 * repeat nor a hole, whoever calls.
 */
export const foldBatch = async (
  tx: Transaction,
  generation: Generation,
  batch: Batch,
  sliceSize = defaultSliceSize,
  /** What was given up, and becomes a dead letter without being tried. */
  isPassedOver: (record: Recorded | Undecodable) => boolean = () => false,
): Promise<FoldOutcome> => {
  const rows = new WritableRows(tx, generation)
  const done = await checkpointOf(rows, batch)
  const first = batch.records[0]?.position.offset ?? done
  if (first > done) return { _tag: "OutOfStep", checkpoint: done }
  const context = new FoldContext(rows, sliceSize)
  const writers = new Writers(rows)
  const positions = new NewPositions(rows)
  const unfolded: Unfolded[] = []
  for (const record of batch.records) {
    if (record.position.offset < done) continue
    // What was resent is nothing new, whether the event was folded or passed over.
    const isRepeat = record.type !== "Undecodable" && !(await writers.isNew(record))
    positions.note(record, isRepeat)
    const reason = isPassedOver(record) ? "discarded before it was folded" : isRepeat ? null : await foldOne(context, record)
    if (reason !== null) unfolded.push({ record, reason })
  }
  await context.settleAll()
  await positions.store()
  writers.store()
  if (batch.next > done) rows.set("marks", ["checkpoint", batch.topic, batch.partition], batch.next)
  return { _tag: "Folded", unfolded, hasJobs: await hasJobs(rows) }
}

/** Moves the checkpoint past a batch that cannot be folded; each of its records is a dead letter for this reason. */
export const skipBatch = async (tx: Transaction, generation: Generation, batch: Batch, reason: string): Promise<FoldOutcome> => {
  const outcome = await foldBatch(tx, generation, batch, defaultSliceSize, () => true)
  if (outcome._tag === "OutOfStep") return outcome
  return { ...outcome, unfolded: outcome.unfolded.map(({ record }) => ({ record, reason })) }
}

/** Folds one event, or tells why it never can be. */
const foldOne = async (context: FoldContext, event: Recorded | Undecodable): Promise<string | null> => {
  if (event.type === "Undecodable") return event.reason
  if (event.position.topic === "data-ingestion") {
    const run = await context.run(keyOf(event))
    if (run.tombstoned && !foldedWhenDeleted.has(event.type)) return null
    await context.hear(run, event.meta.serverTime)
  }
  try {
    // The record of folds ties each to the event of its key.
    await (folds[event.type] as Fold<typeof event.type>)(event as never, context)
    return null
  } catch (error) {
    if (error instanceof Unfoldable) return error.message
    throw error
  }
}

/** The last (seq, part) that each writer had folded in each stream: a resent event is not greater (decision 3). */
class Writers {
  readonly #rows: WritableRows
  readonly #last = new Map<string, { stream: string; writer: string; seq: number; part: number; changed: boolean }>()

  constructor(rows: WritableRows) {
    this.#rows = rows
  }

  /** Whether the event is its writer's next; it counts as folded from then on. */
  async isNew(event: Recorded): Promise<boolean> {
    const stream = keyOf(event)
    const { writer, seq, part } = event.meta
    const key = `${stream}\0${writer}`
    const last = this.#last.get(key) ?? (await this.#load(stream, writer))
    if (seq < last.seq || (seq === last.seq && part <= last.part)) return false
    this.#last.set(key, { stream, writer, seq, part, changed: true })
    return true
  }

  store(): void {
    for (const { stream, writer, seq, part, changed } of this.#last.values())
      if (changed) this.#rows.setBytes("marks", ["writer", stream, writer], encodeValue([seq, part]))
  }

  async #load(stream: string, writer: string) {
    const stored = (await this.#rows.get("marks", ["writer", stream, writer])) as readonly [number, number] | undefined
    const last = { stream, writer, seq: stored?.[0] ?? -1, part: stored?.[1] ?? -1, changed: false }
    this.#last.set(`${stream}\0${writer}`, last)
    return last
  }
}
