import type { Transaction as NativeTransaction } from "foundationdb"
import { type RangeOptions, type Reader, type Row, StoreUnavailable } from "../../domain/ports/key-value-store.ts"
import { codeOf, Faults, transactionTooOld } from "./faults.ts"
import { namesUnder, prefixOf } from "./ground.ts"
import type { FdbLimits } from "./options.ts"
import { chunkedRows, getRow, type Place, rangeRows } from "./reading.ts"
import { waitForNext } from "./tries.ts"

/**
 * The port's reader: one read version, of which nothing is checked for conflicts. A read that fails is made again in the same
 * version; where that is too old, `chunks` goes on in a newer one, and anything else fails the try. Usable until `end`.
 */
export class VersionReader implements Reader {
  readonly #place: Place
  readonly #limits: FdbLimits
  readonly #begin: () => NativeTransaction
  readonly #faults = new Faults()
  #tn: NativeTransaction
  #version: Buffer
  #ended = false

  /** `version` is that of `tn`; `begin` makes other transactions. */
  constructor(place: Place, limits: FdbLimits, tn: NativeTransaction, version: Buffer, begin: () => NativeTransaction) {
    this.#place = place
    this.#limits = limits
    this.#tn = tn
    this.#version = version
    this.#begin = begin
  }

  /** Fails where a read failed, whatever the body made of it. */
  end(): void {
    this.#ended = true
    this.#faults.check()
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#read((tn) => getRow(this.#place, tn, key))
  }

  async range(begin: Uint8Array, end: Uint8Array, options?: RangeOptions): Promise<readonly Row[]> {
    return this.#read((tn) => rangeRows(this.#place, tn, [begin, end], options))
  }

  chunks(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): AsyncIterable<readonly Row[]> {
    return chunkedRows(this.#place, [begin, end], options, (from) => this.#read(from, true))
  }

  async directory(path: readonly string[]): Promise<Uint8Array | undefined> {
    return this.#read((tn) => prefixOf(this.#place.ground, tn, path))
  }

  async directories(path: readonly string[]): Promise<readonly string[]> {
    return this.#read((tn) => namesUnder(this.#place.ground, tn, path))
  }

  #read<A>(from: (tn: NativeTransaction) => Promise<A>, mayGoOn = false): Promise<A> {
    if (this.#ended) return Promise.reject(new StoreUnavailable({ message: "the transaction has ended" }))
    return this.#faults.told(this.#tried(from, mayGoOn))
  }

  async #tried<A>(from: (tn: NativeTransaction) => Promise<A>, mayGoOn: boolean): Promise<A> {
    const started = Date.now()
    for (let tries = 0; ; tries++) {
      const tn = this.#tn
      try {
        // Nothing is written, so nothing needs to be checked for conflicts.
        return await from(tn.snapshot())
      } catch (error) {
        const isOld = codeOf(error) === transactionTooOld
        if (codeOf(error) === undefined || (isOld && !mayGoOn) || this.#isOver(started)) throw error
        await waitForNext(tn, error, tries, this.#limits)
        await this.#replace(tn, isOld)
      }
    }
  }

  /** Puts another transaction in the place of one that failed, unless another read has done so. */
  async #replace(failed: NativeTransaction, isOld: boolean): Promise<void> {
    if (this.#tn !== failed) return
    const next = this.#begin()
    const version = isOld ? await next.getReadVersion() : this.#version
    if (this.#tn !== failed) return
    if (!isOld) next.setReadVersion(version)
    this.#version = version
    this.#tn = next
  }

  #isOver(started: number): boolean {
    return this.#ended || Date.now() - started >= this.#limits.transactionTimeoutMs
  }
}
