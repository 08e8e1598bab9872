/** A transaction over one view of the simulated store: its writes are kept apart until it commits. */
import type { RangeOptions, Row, Transaction } from "../../domain/ports/key-value-store.ts"
import { StoreUnavailable, TransactionTooLarge } from "../../domain/ports/key-value-store.ts"
import {
  createDirectory,
  directoryNames,
  directoryPrefix,
  type DirectoryRows,
  moveDirectory,
  removeDirectory,
} from "../../infra/lmdb/directories.ts"
import { type Change, sum, type Versions } from "./versions.ts"
import type { Wire } from "./wire.ts"

/** The view is older than the store keeps. */
export class ViewTooOld extends Error {
  override readonly name = "ViewTooOld"
}

export interface ViewOptions {
  readonly versions: Versions
  readonly wire: Wire
  /** Most bytes of keys and values that are written. */
  readonly mostBytes: number
  /** Asked at each read: whether the view is too old now. */
  readonly isTooOld: () => boolean
  /** Whether chunks go on in a newer view where theirs is too old. */
  readonly renews: boolean
}

const reserved = "\xfe"
const longestKey = 1_978
const chunkRows = 512
const chunkBytes = 256 * 1024

export class SimulatedTransaction implements Transaction {
  readonly #options: ViewOptions
  #at: number
  #ended = false
  #bytes = 0
  readonly changes: Change[] = []
  readonly #staged = new Map<string, Uint8Array | undefined>()
  readonly #cleared: (readonly [begin: string, end: string])[] = []
  readonly #readKeys = new Set<string>()
  readonly #readRanges: (readonly [begin: string, end: string])[] = []
  readonly #rows: DirectoryRows = {
    get: (key) => this.#get(key),
    firstOf: (begin, end) => this.#range(begin, end, { limit: 1 })[0]?.[0],
    rows: (begin, end) => this.#range(begin, end, {}),
    set: (key, value) => this.#set(key, value),
    clearRange: (begin, end) => this.#clearRange(begin, end),
  }

  constructor(options: ViewOptions) {
    this.#options = options
    this.#at = options.versions.last
  }

  /** Whether it may commit, and does. */
  commit(): boolean {
    return this.#options.versions.commit(this.changes, { keys: this.#readKeys, ranges: this.#readRanges }, this.#at)
  }

  end(): void {
    this.#ended = true
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const own = ownKey(key)
    await this.#reading()
    return this.#get(own)
  }

  async range(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): Promise<readonly Row[]> {
    await this.#reading()
    return this.#range(textOf(begin), boundOf(end), options).map(rowOf)
  }

  async *chunks(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): AsyncGenerator<readonly Row[]> {
    const { limit = Number.POSITIVE_INFINITY, reverse = false } = options
    let [from, to] = [textOf(begin), boundOf(end)]
    for (let left = limit; left > 0;) {
      await this.#reading(this.#options.renews)
      const rows = this.#range(from, to, { limit: Math.min(left, chunkRows), reverse }, chunkBytes)
      const last = rows.at(-1)
      if (last === undefined) return
      yield rows.map(rowOf)
      left -= rows.length
      if (reverse) to = last[0]
      else from = `${last[0]}\0`
    }
  }

  async directory(path: readonly string[]): Promise<Uint8Array | undefined> {
    await this.#reading()
    return directoryPrefix(this.#rows, path)
  }

  async directories(path: readonly string[]): Promise<readonly string[]> {
    await this.#reading()
    return directoryNames(this.#rows, path)
  }

  async createDirectory(path: readonly string[]): Promise<Uint8Array> {
    await this.#reading()
    return createDirectory(this.#rows, path)
  }

  async moveDirectory(from: readonly string[], to: readonly string[]): Promise<void> {
    await this.#reading()
    moveDirectory(this.#rows, from, to)
  }

  async removeDirectory(path: readonly string[]): Promise<boolean> {
    await this.#reading()
    return removeDirectory(this.#rows, path)
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#open()
    this.#set(storableKey(key), Uint8Array.from(value))
  }

  clear(key: Uint8Array): void {
    this.#open()
    const own = ownKey(key)
    this.#staged.set(own, undefined)
    this.#change({ kind: "clear", key: own }, own.length)
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    this.#open()
    this.#clearRange(textOf(begin), boundOf(end))
  }

  add(key: Uint8Array, delta: bigint): void {
    this.#open()
    const own = storableKey(key)
    // Not a read of its own: additions do not conflict with each other.
    this.#staged.set(own, sum(this.#peek(own), delta))
    this.#change({ kind: "add", key: own, delta }, own.length + 8)
  }

  async #reading(renews = false): Promise<void> {
    this.#open()
    await this.#options.wire.turn()
    this.#open()
    if (!this.#options.isTooOld()) return
    if (!renews) throw new ViewTooOld()
    this.#at = this.#options.versions.last
  }

  #open(): void {
    if (this.#ended) throw new StoreUnavailable({ message: "the transaction has ended" })
  }

  #get(key: string): Uint8Array | undefined {
    this.#readKeys.add(key)
    return this.#peek(key)
  }

  #peek(key: string): Uint8Array | undefined {
    if (this.#staged.has(key)) return this.#staged.get(key)
    return this.#isCleared(key) ? undefined : this.#options.versions.get(key, this.#at)
  }

  #isCleared(key: string): boolean {
    return this.#cleared.some(([begin, end]) => key >= begin && key < end)
  }

  #range(
    begin: string,
    end: string,
    { limit = Number.POSITIVE_INFINITY, reverse = false }: RangeOptions,
    mostBytes = Number.POSITIVE_INFINITY,
  ): readonly (readonly [string, Uint8Array])[] {
    const rows: (readonly [string, Uint8Array])[] = []
    let bytes = 0
    for (const key of this.#keys(begin, end, reverse)) {
      if (rows.length >= limit || bytes >= mostBytes) break
      const value = this.#peek(key)!
      rows.push([key, value])
      bytes += value.length
    }
    const last = rows.length >= limit || bytes >= mostBytes ? rows.at(-1)?.[0] : undefined
    if (last === undefined) this.#readRanges.push([begin, end])
    else this.#readRanges.push(reverse ? [last, end] : [begin, `${last}\0`])
    return rows
  }

  /** The keys of the view and those staged, in one order. */
  *#keys(begin: string, end: string, reverse: boolean): Generator<string> {
    const staged = [...this.#staged.keys()].filter((key) => key >= begin && key < end).sort()
    if (reverse) staged.reverse()
    let next = 0
    const isBefore = (one: string, other: string): boolean => (reverse ? one > other : one < other)
    for (const key of this.#options.versions.keys(begin, end, this.#at, reverse)) {
      for (; next < staged.length && isBefore(staged[next]!, key); next++)
        if (this.#staged.get(staged[next]!) !== undefined) yield staged[next]!
      if (staged[next] === key) next++
      if (this.#peek(key) !== undefined) yield key
    }
    for (; next < staged.length; next++) if (this.#staged.get(staged[next]!) !== undefined) yield staged[next]!
  }

  #set(key: string, value: Uint8Array): void {
    this.#staged.set(key, value)
    this.#change({ kind: "set", key, value }, key.length + value.length)
  }

  #clearRange(begin: string, end: string): void {
    if (begin >= end) return
    for (const key of this.#staged.keys()) if (key >= begin && key < end) this.#staged.delete(key)
    this.#cleared.push([begin, end])
    this.#change({ kind: "clearRange", begin, end }, begin.length + end.length)
  }

  #change(change: Change, bytes: number): void {
    this.changes.push(change)
    this.#bytes += bytes
    if (this.#bytes > this.#options.mostBytes)
      throw new TransactionTooLarge({ message: "the transaction is larger than the store takes", bytes: this.#bytes })
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")

const boundOf = (end: Uint8Array): string => {
  const text = textOf(end)
  return text > reserved ? reserved : text
}

const ownKey = (key: Uint8Array): string => {
  const text = textOf(key)
  if (text === "" || text >= reserved) throw new RangeError("a key has at least one byte and is below fe")
  return text
}

const storableKey = (key: Uint8Array): string => {
  if (key.length > longestKey) throw new RangeError(`a key of ${key.length} bytes is too long`)
  return ownKey(key)
}

const rowOf = ([key, value]: readonly [string, Uint8Array]): Row => [Buffer.from(key, "latin1"), value]
