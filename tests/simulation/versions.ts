/** Ordered rows with all their versions, by which views are consistent and commits are checked for conflicts. */

interface Version {
  readonly at: number
  /** Undefined where the key was cleared. */
  readonly value: Uint8Array | undefined
}

/** A change of rows, in the order in which a transaction made them. Keys are binary strings. */
export type Change =
  | { readonly kind: "set"; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: "clear"; readonly key: string }
  | { readonly kind: "clearRange"; readonly begin: string; readonly end: string }
  | { readonly kind: "add"; readonly key: string; readonly delta: bigint }

/** What a transaction has read: another commit that changes any of it makes its writes wrong. */
export interface ReadSet {
  readonly keys: ReadonlySet<string>
  readonly ranges: readonly (readonly [begin: string, end: string])[]
}

export class Versions {
  #last = 0
  /** Every key that ever had a value, in order. */
  readonly #keys: string[] = []
  readonly #rows = new Map<string, Version[]>()
  readonly #commits: { readonly at: number; readonly keys: ReadonlySet<string> }[] = []
  readonly #watchers = new Set<(keys: ReadonlySet<string>) => void>()

  /** The version that views opened now see. */
  get last(): number {
    return this.#last
  }

  get(key: string, at: number): Uint8Array | undefined {
    const versions = this.#rows.get(key)
    if (versions === undefined) return undefined
    for (let i = versions.length - 1; i >= 0; i--) if (versions[i]!.at <= at) return versions[i]!.value
    return undefined
  }

  /** The keys with a value in `begin ≤ key < end`, in order. */
  *keys(begin: string, end: string, at: number, reverse = false): Generator<string> {
    if (begin >= end) return
    const [from, to] = [this.#place(begin), this.#place(end)]
    for (let i = reverse ? to - 1 : from; reverse ? i >= from : i < to; i += reverse ? -1 : 1) {
      const key = this.#keys[i]!
      if (this.get(key, at) !== undefined) yield key
    }
  }

  /** Commits unless something that was read since the view `at` has changed; answers whether it did. */
  commit(changes: readonly Change[], reads: ReadSet, at: number): boolean {
    for (let i = this.#commits.length - 1; i >= 0 && this.#commits[i]!.at > at; i--)
      for (const key of this.#commits[i]!.keys) if (isRead(reads, key)) return false
    if (changes.length > 0) this.#apply(changes)
    return true
  }

  /** Calls at each commit with what it changed, until the function answered is called. */
  watch(watcher: (keys: ReadonlySet<string>) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #apply(changes: readonly Change[]): void {
    const at = ++this.#last
    const keys = new Set<string>()
    const put = (key: string, value: Uint8Array | undefined): void => {
      keys.add(key)
      this.#put(key, { at, value })
    }
    for (const change of changes) {
      if (change.kind === "set") put(change.key, change.value)
      else if (change.kind === "clear") put(change.key, undefined)
      else if (change.kind === "add") put(change.key, sum(this.get(change.key, at), change.delta))
      else for (const key of this.keys(change.begin, change.end, at)) put(key, undefined)
    }
    this.#commits.push({ at, keys })
    for (const watcher of this.#watchers) watcher(keys)
  }

  #put(key: string, version: Version): void {
    const versions = this.#rows.get(key)
    if (versions === undefined) {
      if (version.value === undefined) return
      this.#rows.set(key, [version])
      this.#keys.splice(this.#place(key), 0, key)
    } else if (versions.at(-1)!.at === version.at) versions[versions.length - 1] = version
    else versions.push(version)
  }

  /** The place of the first key that is not before this one. */
  #place(key: string): number {
    let [low, high] = [0, this.#keys.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#keys[middle]! < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

const isRead = ({ keys, ranges }: ReadSet, key: string): boolean =>
  keys.has(key) || ranges.some(([begin, end]) => key >= begin && key < end)

/** A 64-bit little-endian sum, wrapping; what is absent or short counts as filled with zeros. */
export const sum = (stored: Uint8Array | undefined, delta: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8)
  bytes.set((stored ?? new Uint8Array()).subarray(0, 8))
  bytes.writeBigInt64LE(BigInt.asIntN(64, bytes.readBigInt64LE() + delta))
  return bytes
}
