import type { RangeOptions, Row, Transaction } from "../../domain/ports/key-value-store.ts"
import { StoreUnavailable, TransactionTooLarge } from "../../domain/ports/key-value-store.ts"
import { sumOf } from "./addition.ts"
import { createDirectory, directoryNames, directoryPrefix, moveDirectory, removeDirectory } from "./directories.ts"
import { keyBytes, keyText, longestKey } from "./key-text.ts"
import { chunkBytes, chunkRows, ownKey, reserved as firstReserved } from "./row-bounds.ts"
import type { ReadRecord } from "./read-record.ts"
import type { Snapshot, StoredRow } from "./snapshot.ts"
import { StagedView } from "./staged-view.ts"
import type { Staging } from "./staging.ts"
import { ValueArena } from "./value-arena.ts"

const reserved = String.fromCharCode(firstReserved)

/** The port's transaction over one snapshot: writes are staged, nothing is stored here. Usable until `end`. */
export class StagedTransaction implements Transaction {
  readonly staging: Staging
  readonly #view: StagedView
  readonly #limit: number
  readonly #values = new ValueArena()
  #ended = false

  constructor(snapshot: Snapshot, staging: Staging, limit: number) {
    this.staging = staging
    this.#view = new StagedView(snapshot, staging)
    this.#limit = limit
  }

  /** What other commits must not have changed, or the staged writes may be wrong. */
  get reads(): ReadRecord {
    return this.#view.reads
  }

  /** The snapshot is about to go: reading on would touch freed memory. */
  end(): void {
    this.#ended = true
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const text = this.#own(key)
    return this.#read((view) => view.get(text))
  }

  async range(begin: Uint8Array, end: Uint8Array, options?: RangeOptions): Promise<readonly Row[]> {
    return this.#rows(keyText(begin), keyText(end), options).map(([key, value]) => [keyBytes(key), value])
  }

  async *chunks(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): AsyncGenerator<readonly Row[]> {
    const { limit = Infinity, reverse = false } = options
    let [from, to] = [keyText(begin), keyText(end)]
    for (let left = limit; left > 0;) {
      const chunk = this.#rows(from, to, { limit: Math.min(left, chunkRows), reverse }, chunkBytes)
      if (chunk.length === 0) return
      left -= chunk.length
      const last = chunk.at(-1)![0]
      if (reverse) to = last
      else from = `${last}\0`
      yield chunk.map(([key, value]) => [keyBytes(key), value] as const)
    }
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#stage(this.#own(key), this.#values.copy(value))
  }

  clear(key: Uint8Array): void {
    this.#stage(this.#own(key), null)
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#clearRange(keyText(begin), least(keyText(end), reserved))
  }

  add(key: Uint8Array, delta: bigint): void {
    const text = this.#own(key)
    const staged = this.staging.get(text)
    if (typeof staged === "bigint") this.#stage(text, staged + delta)
    else if (staged !== undefined) this.#stage(text, sumOf(staged ?? undefined, delta))
    else this.#stage(text, this.staging.cleared.has(text) ? sumOf(undefined, delta) : delta)
  }

  async directory(path: readonly string[]): Promise<Uint8Array | undefined> {
    return this.#read((view) => directoryPrefix(view, path))
  }

  async directories(path: readonly string[]): Promise<readonly string[]> {
    return this.#read((view) => directoryNames(view, path))
  }

  async createDirectory(path: readonly string[]): Promise<Uint8Array> {
    return this.#read(() => createDirectory(this.#directoryRows(), path))
  }

  async moveDirectory(from: readonly string[], to: readonly string[]): Promise<void> {
    this.#read(() => moveDirectory(this.#directoryRows(), from, to))
  }

  async removeDirectory(path: readonly string[]): Promise<boolean> {
    return this.#read(() => removeDirectory(this.#directoryRows(), path))
  }

  #directoryRows() {
    const view = this.#view
    return {
      get: (key: string) => view.get(key),
      firstOf: (begin: string, end: string) => view.firstOf(begin, end),
      rows: (begin: string, end: string) => view.rows(begin, end),
      set: (key: string, value: Uint8Array) => this.#stage(key, value),
      clearRange: (begin: string, end: string) => this.#clearRange(begin, end),
    }
  }

  #rows(begin: string, end: string, options?: RangeOptions, bytes?: number): StoredRow[] {
    return this.#read((view) => view.rows(begin, least(end, reserved), options, bytes))
  }

  #read<A>(from: (view: StagedView) => A): A {
    this.#checkOpen()
    return from(this.#view)
  }

  #stage(key: string, staged: Uint8Array | null | bigint): void {
    this.#checkOpen()
    if (key.length > longestKey) throw new RangeError(`a key has ${key.length} bytes; the store takes ${longestKey}`)
    this.staging.put(key, staged)
    this.#checkSize()
  }

  #clearRange(begin: string, end: string): void {
    this.#checkOpen()
    this.staging.clearRange(begin, end)
    this.#checkSize()
  }

  #own(key: Uint8Array): string {
    return keyText(ownKey(key))
  }

  #checkOpen(): void {
    if (this.#ended) throw new StoreUnavailable({ message: "the transaction has ended" })
  }

  #checkSize(): void {
    const { bytes } = this.staging
    if (bytes > this.#limit) throw new TransactionTooLarge({ message: `the transaction exceeds ${this.#limit} bytes`, bytes })
  }
}

const least = (a: string, b: string): string => (a < b ? a : b)
