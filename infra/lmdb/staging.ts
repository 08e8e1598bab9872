import { Intervals } from "./intervals.ts"
import { OrderedKeys } from "./ordered-keys.ts"

/** What a transaction wants of one key: a value, no value (null), or an addition to whatever the store holds. */
export type Staged = Uint8Array | null | bigint

/**
 * The writes of a transaction that has not committed. A key with a staged entry is decided by it, else by the cleared
 * intervals, else by the store.
 */
export class Staging {
  readonly cleared = new Intervals()
  readonly #entries = new Map<string, Staged>()
  readonly #order = new OrderedKeys()
  /** Keys of `#entries` that are not in `#order` yet: a transaction that never reads a range never pays for the order. */
  #unordered: string[] = []
  #bytes = 0

  /** How much is staged, in bytes of keys and values; overwritten values count again. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many keys have a staged entry. */
  get rows(): number {
    return this.#entries.size
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.cleared.isEmpty
  }

  get(key: string): Staged | undefined {
    return this.#entries.get(key)
  }

  put(key: string, staged: Staged): void {
    const { size } = this.#entries
    this.#entries.set(key, staged)
    if (this.#entries.size > size) this.#unordered.push(key)
    this.#bytes += key.length + (staged instanceof Uint8Array ? staged.length : 8)
  }

  clearRange(begin: string, end: string): void {
    this.#bringInOrder()
    for (const key of this.#order.removeRange(begin, end)) this.#entries.delete(key)
    this.cleared.add(begin, end)
    this.#bytes += begin.length + end.length
  }

  /** The staged keys of `[begin, end)`, cleared ones too, in order. */
  keys(begin: string, end: string, reverse: boolean): readonly string[] {
    this.#bringInOrder()
    const keys = this.#order.range(begin, end)
    return reverse ? keys.reverse() : keys
  }

  /** Every staged entry, by key: the order in which LMDB takes them fastest. */
  *entries(): Generator<readonly [key: string, staged: Staged]> {
    for (const key of this.#sortedKeys()) yield [key, this.#entries.get(key)!]
  }

  #sortedKeys(): Iterable<string> {
    if (this.#unordered.length === this.#entries.size) return this.#unordered.sort()
    this.#bringInOrder()
    return this.#order
  }

  #bringInOrder(): void {
    for (const key of this.#unordered) this.#order.add(key)
    this.#unordered = []
  }
}
