/** The native part's transaction over a cluster in memory, as the client library's JavaScript calls it. */
import type { Cluster, KeyRange, Watcher } from "./cluster.ts"
import type { TryFault } from "./faults.ts"
import { OwnWrites } from "./own-writes.ts"

type Bytes = string | Uint8Array

/** Codes of options and operations that are known here, from the client library's own list. */
const timeoutOption = 500
const nextWriteWithoutConflict = 30
const addition = 2

/** What one answer to a range holds at most, in bytes, by streaming mode. */
const modeBytes: Readonly<Record<number, number>> = {
  [-2]: 80_000,
  [-1]: 4_096,
  0: Infinity,
  1: 256,
  2: 1_000,
  3: 4_096,
  4: 80_000,
}

const longestKey = 10_000
const longestValue = 100_000
const largestTransaction = 10_000_000

/** Codes after which a transaction may be tried again. */
export const retryable: ReadonlySet<number> = new Set([1007, 1009, 1020, 1021, 1037, 1038, 1039, 1042, 1078, 1213, 1223])

export class StandInTransaction {
  readonly #cluster: Cluster
  readonly #fail: (code: number) => Error
  readonly #created: number
  #timeout = Infinity
  #fault: TryFault | undefined
  #readsLeft = 0
  #own = new OwnWrites()
  #reads: KeyRange[] = []
  #writes: KeyRange[] = []
  #readVersion: number | undefined
  #committed = 0
  /** Told by the next call that can fail. */
  #deferred: number | undefined
  #quiet = false
  #watches: { readonly key: string; readonly set: (seen: Buffer | undefined) => void; readonly fail: (code: number) => void }[] =
    []

  constructor(cluster: Cluster, fail: (code: number) => Error) {
    this.#cluster = cluster
    this.#fail = fail
    this.#created = cluster.now()
    this.#beginTry()
  }

  setOption(code: number, value: unknown): void {
    if (code === timeoutOption) this.#timeout = Number(value)
    if (code === nextWriteWithoutConflict) this.#quiet = true
  }

  reset(): void {
    for (const watch of this.#watches) watch.fail(1101)
    this.#watches = []
    this.#own = new OwnWrites()
    this.#reads = []
    this.#writes = []
    this.#readVersion = undefined
    this.#deferred = undefined
    this.#beginTry()
  }

  cancel(): void {
    this.#deferred = 1025
  }

  async onError(code: number): Promise<void> {
    if (!retryable.has(code)) throw this.#fail(code)
    await this.#reach()
    this.reset()
  }

  async getReadVersion(): Promise<Buffer> {
    const version = Buffer.alloc(8)
    version.writeBigUInt64BE(BigInt(await this.#version()))
    return version
  }

  setReadVersion(version: Buffer): void {
    this.#readVersion = Number(version.readBigUInt64BE())
  }

  getCommittedVersion(): Buffer {
    const version = Buffer.alloc(8)
    version.writeBigUInt64BE(BigInt(this.#committed))
    return version
  }

  async getApproximateSize(): Promise<number> {
    const ranges = [...this.#reads, ...this.#writes]
    const texts = (...parts: readonly string[]): number => parts.reduce((sum, part) => sum + part.length, 0)
    return (
      this.#own.mutations.reduce(
        (sum, mutation) =>
          sum +
          (mutation.type === "clear"
            ? texts(mutation.begin, mutation.end)
            : mutation.key.length + ((mutation.type === "put" ? mutation.value?.length : mutation.operand.length) ?? 0)),
        0,
      ) + ranges.reduce((sum, range) => sum + texts(...range), 0)
    )
  }

  async get(key: Bytes, isSnapshot: boolean): Promise<Buffer | undefined> {
    const version = await this.#read()
    const text = textOf(key)
    const own = this.#own.get(text)
    if (!isSnapshot && (own === undefined || isPending(own))) this.#reads.push(point(text))
    return this.#valueOf(text, version)
  }

  async getRange(
    begin: Bytes,
    beginOrEqual: boolean,
    beginOffset: number,
    end: Bytes,
    endOrEqual: boolean,
    endOffset: number,
    limit: number,
    targetBytes: number,
    mode: number,
    _iteration: number,
    isSnapshot: boolean,
    reverse: boolean,
  ): Promise<{ results: [Buffer, Buffer][]; more: boolean }> {
    const version = await this.#read()
    const [from, to] = [boundOf(begin, beginOrEqual, beginOffset), boundOf(end, endOrEqual, endOffset)]
    const most = Math.min(targetBytes > 0 ? targetBytes : Infinity, modeBytes[mode] ?? Infinity)
    const results: [Buffer, Buffer][] = []
    let [bytes, last, more] = [0, "", false]
    for (const key of this.#keysIn(from, to, reverse)) {
      const value = this.#valueOf(key, version)
      if (value === undefined) continue
      if ((limit > 0 && results.length >= limit) || bytes >= most) {
        more = true
        break
      }
      results.push([Buffer.from(key, "latin1"), value])
      bytes += key.length + value.length
      last = key
    }
    if (!isSnapshot && from < to) this.#reads.push(more ? (reverse ? [last, to] : [from, `${last}\0`]) : [from, to])
    return { results, more }
  }

  set(key: Bytes, value: Bytes): void {
    const [text, bytes] = [textOf(key), bytesOf(value)]
    if (text.length > longestKey) this.#deferred = 2102
    if (bytes.length > longestValue) this.#deferred = 2103
    this.#own.put(text, bytes)
    this.#wrote(point(text))
  }

  clear(key: Bytes): void {
    this.#own.put(textOf(key), null)
    this.#wrote(point(textOf(key)))
  }

  clearRange(begin: Bytes, end: Bytes): void {
    const range: KeyRange = [textOf(begin), textOf(end)]
    if (range[0] > range[1]) this.#deferred = 2005
    this.#own.clear(...range)
    this.#wrote(range)
  }

  atomicOp(type: number, key: Bytes, operand: Bytes): void {
    if (type !== addition) throw new Error(`the stand-in knows no atomic operation ${type}`)
    this.#own.add(textOf(key), bytesOf(operand))
    this.#wrote(point(textOf(key)))
  }

  addReadConflictRange(begin: Bytes, end: Bytes): void {
    this.#reads.push([textOf(begin), textOf(end)])
  }

  addWriteConflictRange(begin: Bytes, end: Bytes): void {
    this.#writes.push([textOf(begin), textOf(end)])
  }

  watch(key: Bytes, ignoresCancelling: boolean): { cancel: () => void; promise: Promise<boolean> } {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const fail = (code: number): void => (ignoresCancelling ? resolve(false) : reject(this.#fail(code)))
    let watcher: Watcher | undefined
    const set = (seen: Buffer | undefined): void => {
      const fault = this.#cluster.faults.ofWatch()
      if (fault === "fails") fail(1101)
      if (fault === "fires") resolve(true)
      watcher = { key: textOf(key), seen, fire: () => resolve(true) }
      this.#cluster.watch(watcher)
    }
    this.#watches.push({ key: textOf(key), set, fail })
    const cancel = (): void => {
      if (watcher !== undefined) this.#cluster.unwatch(watcher)
      fail(1101)
    }
    return { cancel, promise }
  }

  async commit(): Promise<void> {
    await this.#reach()
    const isReadOnly = this.#own.mutations.length === 0 && this.#writes.length === 0
    if (!isReadOnly) await this.#commitWrites()
    for (const { key, set } of this.#watches) set(this.#valueOf(key, this.#readVersion ?? this.#cluster.version()))
    this.#watches = []
  }

  async #commitWrites(): Promise<void> {
    if ((await this.getApproximateSize()) > largestTransaction) throw this.#fail(2101)
    // A transaction with reads to check takes its version now where it has none.
    if (this.#reads.length > 0) await this.#version()
    const fault = this.#fault?.at === "commit" ? this.#fault : undefined
    if (fault !== undefined && !fault.applied) throw this.#fail(fault.code)
    const done = this.#cluster.commit({
      readVersion: this.#readVersion,
      reads: this.#reads,
      writes: this.#writes,
      mutations: this.#own.mutations,
    })
    if ("code" in done) throw this.#fail(done.code)
    this.#committed = done.version
    if (fault !== undefined) throw this.#fail(fault.code)
  }

  #beginTry(): void {
    this.#fault = this.#cluster.faults.ofTry()
    this.#readsLeft = this.#fault?.at === "read" ? this.#fault.after : Infinity
  }

  async #read(): Promise<number> {
    const version = await this.#version()
    if (this.#cluster.isTooOld(version)) throw this.#fail(1007)
    if (this.#fault?.at === "read" && this.#readsLeft-- <= 0) throw this.#fail(this.#fault.code)
    return version
  }

  async #version(): Promise<number> {
    await this.#reach()
    return (this.#readVersion ??= this.#cluster.version())
  }

  /** Goes to the cluster and back; fails with what went wrong before, or when the transaction's time is over. */
  async #reach(): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve))
    while (this.#cluster.isBack !== undefined && this.#timeLeft() > 0) {
      const over = Promise.withResolvers<void>()
      const timer = setTimeout(over.resolve, Math.min(this.#timeLeft(), 1_000_000))
      await Promise.race([this.#cluster.isBack, over.promise])
      clearTimeout(timer)
    }
    if (this.#timeLeft() <= 0) throw this.#fail(1031)
    if (this.#deferred !== undefined) throw this.#fail(this.#deferred)
  }

  #timeLeft(): number {
    return this.#timeout - (this.#cluster.now() - this.#created)
  }

  #valueOf(key: string, version: number): Buffer | undefined {
    const own = this.#own.get(key)
    if (own === undefined) return this.#cluster.at(key, version)
    if (!isPending(own)) return own ?? undefined
    const sum = new OwnWrites()
    sum.put(key, this.#cluster.at(key, version) ?? null)
    sum.add(key, own.operand)
    const added = sum.get(key)
    return Buffer.isBuffer(added) ? added : undefined
  }

  /** The keys of the cluster and our own in one order; some may have no value. */
  *#keysIn(begin: string, end: string, reverse: boolean): Generator<string> {
    const comesFirst = (a: string, b: string): boolean => (reverse ? a > b : a < b)
    const own = this.#own.keysIn(begin, end, reverse)[Symbol.iterator]()
    let next = own.next()
    for (const key of this.#cluster.keysIn(begin, end, reverse)) {
      for (; next.done !== true && comesFirst(next.value, key); next = own.next()) yield next.value
      if (next.done !== true && next.value === key) next = own.next()
      yield key
    }
    for (; next.done !== true; next = own.next()) yield next.value
  }

  #wrote(range: KeyRange): void {
    if (!this.#quiet) this.#writes.push(range)
    this.#quiet = false
  }
}

const isPending = (own: unknown): own is { readonly operand: Buffer } =>
  typeof own === "object" && own !== null && "operand" in own

const point = (key: string): KeyRange => [key, `${key}\0`]

const bytesOf = (bytes: Bytes): Buffer => (typeof bytes === "string" ? Buffer.from(bytes, "utf8") : Buffer.from(bytes))

const textOf = (bytes: Bytes): string => bytesOf(bytes).toString("latin1")

/** A key selector as a bound; those that count keys are not known here, and the library's own code uses none for ranges. */
const boundOf = (key: Bytes, orEqual: boolean, offset: number): string => {
  if (offset !== 1) throw new Error("the stand-in knows only the first key above a bound")
  return orEqual ? `${textOf(key)}\0` : textOf(key)
}
