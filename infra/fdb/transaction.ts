import type { Transaction as NativeTransaction } from "foundationdb"
import { type RangeOptions, type Row, StoreUnavailable, type Transaction } from "../../domain/ports/key-value-store.ts"
import { ownKey, ownValue, readable } from "./bounds.ts"
import { Faults } from "./faults.ts"
import { namesUnder, prefixOf } from "./ground.ts"
import { chunkedRows, getRow, type Place, rangeRows } from "./reading.ts"

/** The port's transaction over one try of a native one. Usable until `end`. */
export class ConflictingTransaction implements Transaction {
  readonly #place: Place
  readonly #tn: NativeTransaction
  readonly #faults = new Faults()
  #directories: Promise<unknown> = Promise.resolve()
  #hasWritten = false
  #ended = false

  constructor(place: Place, tn: NativeTransaction) {
    this.#place = place
    this.#tn = tn
  }

  get hasWritten(): boolean {
    return this.#hasWritten
  }

  /** Fails where a read failed, whatever the body made of it. */
  end(): void {
    this.#ended = true
    this.#faults.check()
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#faults.told(getRow(this.#place, this.#open(), key))
  }

  async range(begin: Uint8Array, end: Uint8Array, options?: RangeOptions): Promise<readonly Row[]> {
    return this.#faults.told(rangeRows(this.#place, this.#open(), [begin, end], options))
  }

  chunks(begin: Uint8Array, end: Uint8Array, options: RangeOptions = {}): AsyncIterable<readonly Row[]> {
    return chunkedRows(this.#place, [begin, end], options, (from) => this.#faults.told(from(this.#open())))
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const [own, bytes] = [ownKey(key, this.#place.ground.length), ownValue(value)]
    this.#writing().at(this.#place.ground.keys).set(own, bytes)
  }

  clear(key: Uint8Array): void {
    const own = ownKey(key, this.#place.ground.length)
    this.#writing().at(this.#place.ground.keys).clear(own)
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    const tn = this.#writing()
    const bounds = readable(begin, end)
    if (bounds !== undefined) tn.at(this.#place.ground.keys).clearRange(bounds.begin, bounds.end)
  }

  add(key: Uint8Array, delta: bigint): void {
    const { ground, fdb } = this.#place
    const own = ownKey(key, ground.length)
    const operand = Buffer.alloc(8)
    operand.writeBigInt64LE(BigInt.asIntN(64, delta))
    this.#writing().at(ground.keys).atomicOpKB(fdb.MutationType.Add, own, operand)
  }

  async directory(path: readonly string[]): Promise<Uint8Array | undefined> {
    return this.#inTurn((tn) => prefixOf(this.#place.ground, tn, path))
  }

  async directories(path: readonly string[]): Promise<readonly string[]> {
    return this.#inTurn((tn) => namesUnder(this.#place.ground, tn, path))
  }

  async createDirectory(path: readonly string[]): Promise<Uint8Array> {
    const { ground } = this.#place
    return this.#inTurn(async () => {
      const made = await ground.layer.createOrOpen(this.#writing(), [...path])
      return made.content.prefix.subarray(ground.length)
    })
  }

  async moveDirectory(from: readonly string[], to: readonly string[]): Promise<void> {
    await this.#inTurn(() => this.#place.ground.layer.move(this.#writing(), [...from], [...to]))
  }

  async removeDirectory(path: readonly string[]): Promise<boolean> {
    return this.#inTurn(() => this.#place.ground.layer.removeIfExists(this.#writing(), [...path]))
  }

  /**
   * One directory operation after the other: two that create a parent at once in one transaction would each make one, and
   * the directories of the first would be lost.
   */
  #inTurn<A>(act: (tn: NativeTransaction) => Promise<A>): Promise<A> {
    const acted = this.#directories.then(() => this.#faults.told(act(this.#open())))
    this.#directories = acted.catch(() => undefined)
    return acted
  }

  #writing(): NativeTransaction {
    const tn = this.#open()
    this.#hasWritten = true
    return tn
  }

  #open(): NativeTransaction {
    if (this.#ended) throw new StoreUnavailable({ message: "the transaction has ended" })
    return this.#tn
  }
}
