import type { Transaction as NativeTransaction } from "foundationdb"
import { type RangeOptions, type Reader, type Row, StoreUnavailable } from "../../domain/ports/key-value-store.ts"
import { codeOf, transactionTooOld } from "./faults.ts"
import { namesUnder, prefixOf } from "./ground.ts"
import type { Current } from "./tries.ts"
import { chunkedRows, getRow, type Place, rangeRows } from "./reading.ts"

/**
 * The port's reader: one read version, of which nothing is checked for conflicts. Where that version is too old in the middle
 * of `chunks`, the reader goes on in a newer one. Usable until `end`.
 */
export class VersionReader implements Reader {
  readonly #place: Place
  readonly #current: Current
  readonly #begin: () => NativeTransaction
  #ended = false

  /** `begin` makes a transaction that reads a version of then. */
  constructor(place: Place, current: Current, begin: () => NativeTransaction) {
    this.#place = place
    this.#current = current
    this.#begin = begin
  }

  end(): void {
    this.#ended = true
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return getRow(this.#place, this.#open(), key)
  }

  async range(begin: Uint8Array, end: Uint8Array, options?: RangeOptions): Promise<readonly Row[]> {
    return rangeRows(this.#place, this.#open(), [begin, end], options)
  }

  chunks(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): AsyncIterable<readonly Row[]> {
    return chunkedRows(this.#place, [begin, end], options, (from) => this.#renewing(from))
  }

  async directory(path: readonly string[]): Promise<Uint8Array | undefined> {
    return prefixOf(this.#place.ground, this.#open(), path)
  }

  async directories(path: readonly string[]): Promise<readonly string[]> {
    return namesUnder(this.#place.ground, this.#open(), path)
  }

  async #renewing<A>(from: (tn: NativeTransaction) => Promise<A>): Promise<A> {
    const native = this.#current.tn
    try {
      return await from(this.#open())
    } catch (error) {
      if (codeOf(error) !== transactionTooOld) throw error
      // Another part of the body may have renewed it already. A version of now that is too old is the cluster's trouble.
      if (this.#current.tn === native) this.#current.tn = this.#begin()
      return from(this.#open())
    }
  }

  #open(): NativeTransaction {
    if (this.#ended) throw new StoreUnavailable({ message: "the transaction has ended" })
    // Nothing is written, so nothing needs to be checked for conflicts.
    return this.#current.tn.snapshot()
  }
}
