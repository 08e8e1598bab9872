/** Rows as they were at each version, with keys as strings of one character per byte, which order as the bytes do. */

interface Kept {
  readonly version: number
  /** Null where the key was cleared. */
  readonly value: Buffer | null
}

export class VersionedRows {
  readonly #keys = new SortedKeys()
  readonly #kept = new Map<string, readonly Kept[]>()

  at(key: string, version: number): Buffer | undefined {
    return this.#kept.get(key)?.findLast((kept) => kept.version <= version)?.value ?? undefined
  }

  /** Puts a value, or null for none, and forgets what nobody can read any more: all that was over at `horizon`. */
  put(key: string, version: number, value: Buffer | null, horizon: number): void {
    const former = this.#kept.get(key) ?? []
    const needed = Math.max(
      0,
      former.findLastIndex((kept) => kept.version <= horizon),
    )
    this.#kept.set(key, [...former.slice(needed), { version, value }])
    this.#keys.insert(key)
  }

  /** Every key in a range that has ever been put, in order. */
  keysIn(begin: string, end: string, reverse = false): Iterable<string> {
    return this.#keys.in(begin, end, reverse)
  }
}

/** Distinct strings in order. */
export class SortedKeys {
  readonly #keys: string[] = []

  insert(key: string): void {
    const at = this.#first(key)
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key)
  }

  removeIn(begin: string, end: string): readonly string[] {
    const first = this.#first(begin)
    return this.#keys.splice(first, Math.max(0, this.#first(end) - first))
  }

  *in(begin: string, end: string, reverse: boolean): Generator<string> {
    const [first, after] = [this.#first(begin), this.#first(end)]
    if (reverse) for (let i = after - 1; i >= first; i--) yield this.#keys[i]!
    else for (let i = first; i < after; i++) yield this.#keys[i]!
  }

  /** The index of the first key that is not less. */
  #first(key: string): number {
    let [low, high] = [0, this.#keys.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
