/** A cluster in memory: versions, conflicts and watches as FoundationDB documents them. Not a real one. */
import { type Faults, noFaults } from "./faults.ts"
import { type Mutation, sumOf } from "./own-writes.ts"
import { VersionedRows } from "./versioned-rows.ts"

export type KeyRange = readonly [begin: string, end: string]

export interface Commit {
  /** Undefined where nothing was read. */
  readonly readVersion: number | undefined
  readonly reads: readonly KeyRange[]
  readonly writes: readonly KeyRange[]
  readonly mutations: readonly Mutation[]
}

export interface Watcher {
  readonly key: string
  readonly seen: Buffer | undefined
  readonly fire: () => void
}

/** Versions per second, and how many of them can be read and committed upon. */
const versionsPerMs = 1_000
const window = 5_000 * versionsPerMs

export class Cluster {
  faults: Faults = noFaults
  readonly #rows = new VersionedRows()
  readonly #watchers = new Set<Watcher>()
  #commits: { readonly version: number; readonly writes: readonly KeyRange[] }[] = []
  #last = 1
  #skew = 0
  #away: PromiseWithResolvers<void> | undefined

  /** Milliseconds since some time. */
  now(): number {
    return performance.now() + this.#skew
  }

  /** Lets time pass at once. */
  advance(milliseconds: number): void {
    this.#skew += milliseconds
  }

  /** Answers nothing until `comeBack`. */
  goAway(): void {
    this.#away ??= Promise.withResolvers()
  }

  comeBack(): void {
    this.#away?.resolve()
    this.#away = undefined
  }

  get isBack(): Promise<void> | undefined {
    return this.#away?.promise
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** A version that has all that is committed. */
  version(): number {
    this.#last = Math.max(this.#last, Math.floor(this.now() * versionsPerMs))
    return this.#last
  }

  isTooOld(version: number): boolean {
    return version < Math.floor(this.now() * versionsPerMs) - window
  }

  at(key: string, version: number): Buffer | undefined {
    return this.#rows.at(key, version)
  }

  keysIn(begin: string, end: string, reverse: boolean): Iterable<string> {
    return this.#rows.keysIn(begin, end, reverse)
  }

  /** The version of a commit, or the code of the fault that hinders it. */
  commit({ readVersion, reads, writes, mutations }: Commit): { readonly version: number } | { readonly code: number } {
    if (readVersion !== undefined) {
      if (this.isTooOld(readVersion)) return { code: 1007 }
      const newer = this.#commits.filter(({ version }) => version > readVersion)
      if (newer.some((commit) => commit.writes.some((write) => reads.some((read) => meet(read, write))))) return { code: 1020 }
    }
    const version = this.version() + 1
    this.#last = version
    this.#commits = [...this.#commits.filter((commit) => !this.isTooOld(commit.version)), { version, writes }]
    for (const mutation of mutations) this.#apply(mutation, version)
    this.#tellWatchers()
    return { version }
  }

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher)
    this.#tellWatchers()
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher)
  }

  #apply(mutation: Mutation, version: number): void {
    const horizon = version - 2 * window
    if (mutation.type === "put") this.#rows.put(mutation.key, version, mutation.value, horizon)
    else if (mutation.type === "add")
      this.#rows.put(mutation.key, version, sumOf(this.at(mutation.key, version), mutation.operand), horizon)
    else
      for (const key of this.#rows.keysIn(mutation.begin, mutation.end))
        if (this.at(key, version) !== undefined) this.#rows.put(key, version, null, horizon)
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) {
      const value = this.at(watcher.key, this.#last)
      const isSame = value === undefined || watcher.seen === undefined ? value === watcher.seen : value.equals(watcher.seen)
      if (isSame) continue
      this.#watchers.delete(watcher)
      watcher.fire()
    }
  }
}

const meet = ([a, b]: KeyRange, [c, d]: KeyRange): boolean => a < d && c < b
