/**
 * Appends that come while a commit is under way go down together in the next one. The writing and the flush are done by
 * lmdb's own thread: a batch of puts is one transaction, which is dropped whole when a put or the commit fails, and without
 * overlapping sync a commit is durable before it is answered and before any reader sees it.
 */
import { reached } from "../../domain/milestones.ts"
import { type Partition, partitionName } from "../../domain/ports/event-log.ts"
import type { EncodedEvent } from "../avro/codec.ts"
import type { Position } from "../../events/index.ts"
import type { Environment } from "./environment.ts"
import { endOf, recordKey, recordValue } from "./log-rows.ts"
import { assertRoom } from "./room.ts"
import type { BytesDatabase } from "./snapshot.ts"

/** A commit takes no further append once it has this much. */
const fullCommit = { records: 10_000, bytes: 16 * 1024 * 1024 }

export interface Placed {
  readonly partition: Partition
  readonly event: EncodedEvent
}

interface Append {
  readonly events: readonly Placed[]
  readonly done: PromiseWithResolvers<readonly Position[]>
}

export interface GroupCommitOptions {
  readonly folder: string
  readonly partitions: readonly Partition[]
  /** Awaited before each commit; nothing is visible or answered until it resolves. */
  readonly beforeDurable: () => Promise<void>
  readonly committed: () => void
}

export class GroupCommit {
  readonly #environment: Environment<Uint8Array, Uint8Array>
  readonly #options: GroupCommitOptions
  readonly #waiting: Append[] = []
  #ends: ReadonlyMap<string, number>
  #working: Promise<void> = Promise.resolve()
  #busy = false

  constructor(environment: Environment<Uint8Array, Uint8Array>, options: GroupCommitOptions) {
    this.#environment = environment
    this.#options = options
    this.#ends = this.#storedEnds()
  }

  append(events: readonly Placed[]): Promise<readonly Position[]> {
    const done = Promise.withResolvers<readonly Position[]>()
    this.#waiting.push({ events, done })
    if (!this.#busy) this.#working = this.#work()
    return done.promise
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#working
  }

  async #work(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length > 0) await this.#commitGroup(this.#nextGroup())
    this.#busy = false
  }

  #nextGroup(): readonly Append[] {
    let [count, records, bytes] = [0, 0, 0]
    for (const { events } of this.#waiting) {
      count++
      records += events.length
      for (const { event } of events) bytes += event.bytes.length
      if (records >= fullCommit.records || bytes >= fullCommit.bytes) break
    }
    return this.#waiting.splice(0, count)
  }

  /** When a group fails, each of its appends is tried alone, so that one's failure is not another's. */
  async #commitGroup(group: readonly Append[]): Promise<void> {
    try {
      const positions = await this.#commit(group)
      this.#options.committed()
      for (const [i, { done }] of group.entries()) done.resolve(positions[i]!)
    } catch (error) {
      if (group.length > 1) for (const append of group) await this.#commitGroup([append])
      else group[0]!.done.reject(error)
    }
  }

  async #commit(group: readonly Append[]): Promise<readonly (readonly Position[])[]> {
    const ends = new Map(this.#ends)
    const positions = group.map(({ events }) => events.map(({ partition }) => takePosition(ends, partition)))
    await this.#options.beforeDurable()
    const rows = group.flatMap(({ events }, i) => events.map((placed, j) => rowOf(placed, positions[i]![j]!.offset)))
    assertRoom(this.#options.folder, { bytes: rows.reduce((sum, [, value]) => sum + value.length, 0), rows: 0 })
    reached("log: before commit")
    const { db, gate } = this.#environment
    try {
      await gate.passing(() => putAll(db, rows))
      reached("log: after commit")
    } catch (error) {
      this.#ends = this.#storedEnds()
      throw error
    }
    this.#ends = ends
    return positions
  }

  #storedEnds(): ReadonlyMap<string, number> {
    const { db } = this.#environment
    db.resetReadTxn()
    return new Map(this.#options.partitions.map((partition) => [partitionName(partition), endOf(db, partition)]))
  }
}

const takePosition = (ends: Map<string, number>, { topic, partition }: Partition): Position => {
  const name = partitionName({ topic, partition })
  const offset = ends.get(name)!
  ends.set(name, offset + 1)
  return { topic, partition, offset }
}

type LogRow = readonly [key: Uint8Array, value: Uint8Array]

const rowOf = ({ partition, event }: Placed, offset: number): LogRow => [
  recordKey(partition, offset),
  recordValue(event.key, event.bytes),
]

/**
 * Puts rows down in one transaction of lmdb's own thread. When that fails, lmdb-js rejects more promises than the one it
 * returned, among them one with the reason; each must be taken, or Node ends the process for an unhandled rejection.
 */
const putAll = async (db: BytesDatabase, rows: readonly LogRow[]): Promise<void> => {
  const puts = new Set<Promise<unknown>>()
  const committed = db.batch(() => {
    for (const [key, value] of rows) puts.add(db.put(key, value))
  })
  for (const put of puts) put.catch(() => undefined)
  try {
    await committed
  } catch (error) {
    await (error as { readonly commitError?: Promise<never> }).commitError
    throw error
  }
}
