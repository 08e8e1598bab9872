/** Typed rows of one generation in one transaction: tuples for keys, values or bytes for values. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import type { RangeOptions, Reader, Transaction } from "../domain/ports/key-value-store.ts"
import type { Value } from "../domain/value.ts"
import { type Element, pack, type Tuple, under, unpack } from "./keys.ts"
import type { Generation, Space } from "./subspaces.ts"

/** A row below some tuple: the elements that extend it, and the stored bytes. */
export interface Below {
  readonly rest: readonly Element[]
  readonly bytes: Uint8Array
}

export class Rows {
  readonly tx: Reader
  readonly generation: Generation

  constructor(tx: Reader, generation: Generation) {
    this.tx = tx
    this.generation = generation
  }

  key(space: Space, tuple: Tuple): Uint8Array {
    return pack(tuple, this.generation.prefixes[space])
  }

  async get(space: Space, tuple: Tuple): Promise<Value | undefined> {
    const bytes = await this.bytes(space, tuple)
    return bytes === undefined ? undefined : decodeValue(bytes)
  }

  /** The stored bytes, joined where they were too large for one value. */
  async bytes(space: Space, tuple: Tuple): Promise<Uint8Array | undefined> {
    const key = this.key(space, tuple)
    const stored = await this.tx.get(key)
    if (stored === undefined || !isHeader(stored)) return stored
    return Buffer.concat((await this.tx.range(...under(key), { limit: partsOf(stored) })).map(([, part]) => part))
  }

  /** The integer that {@link WritableRows.add} moves; 0 where there is none. */
  async sum(space: Space, tuple: Tuple): Promise<number> {
    const bytes = await this.tx.get(this.key(space, tuple))
    return bytes === undefined ? 0 : sumIn(bytes)
  }

  /** As {@link sum}, of all rows whose tuples extend this one, in key order. */
  async sumsUnder(space: Space, tuple: Tuple): Promise<readonly { readonly rest: readonly Element[]; readonly sum: number }[]> {
    const prefix = this.key(space, tuple)
    // Not `under`: some integers begin like the header of a value in parts.
    return (await this.tx.range(...under(prefix))).map(([key, bytes]) => ({
      rest: unpack(key, prefix.length),
      sum: sumIn(bytes),
    }))
  }

  async has(space: Space, tuple: Tuple): Promise<boolean> {
    return (await this.tx.get(this.key(space, tuple))) !== undefined
  }

  /** The rows whose tuples extend this one, in key order. `limit` counts stored rows, so use it only where values are small. */
  async under(space: Space, tuple: Tuple, options?: RangeOptions): Promise<readonly Below[]> {
    const prefix = this.key(space, tuple)
    return joined(await this.tx.range(...under(prefix), options), prefix.length)
  }

  /** The rows from one tuple (inclusive) to another (exclusive), `rest` counted from `tuple`. */
  async between(space: Space, tuple: Tuple, from: Tuple, to: Tuple | null, options?: RangeOptions): Promise<readonly Below[]> {
    const prefix = this.key(space, tuple)
    const end = to === null ? under(prefix)[1] : pack(to, prefix)
    return joined(await this.tx.range(pack(from, prefix), end, options), prefix.length)
  }

  /** As {@link under}, in chunks, for what may be too much to hold. */
  async *eachUnder(space: Space, tuple: Tuple, options?: RangeOptions): AsyncGenerator<readonly Below[]> {
    const prefix = this.key(space, tuple)
    for await (const chunk of this.tx.chunks(...under(prefix), options)) yield joined(chunk, prefix.length)
  }
}

/** The integer of a row that is only added to: 64 bits, little-endian, as the stores' `add` has it. */
export const sumIn = (bytes: Uint8Array): number =>
  Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigInt64(0, true))

/** Largest value that is stored in one row; FoundationDB takes 100,000 bytes. */
const largest = 90_000
/** Begins the header before the parts of a large value; 0xc1 begins no msgpack, and 0x00 no block of points. */
const header = Uint8Array.of(0xc1, 0x00)

const isHeader = (bytes: Uint8Array): boolean => bytes.length > 2 && bytes[0] === header[0] && bytes[1] === header[1]
const partsOf = (bytes: Uint8Array): number => Number(decodeValue(bytes.subarray(2)))

/** Rows with the parts of large values put together again; parts follow their header at once in key order. */
const joined = (rows: readonly (readonly [Uint8Array, Uint8Array])[], prefix: number): readonly Below[] => {
  const out: Below[] = []
  for (let i = 0; i < rows.length; i++) {
    const [key, bytes] = rows[i]!
    const rest = unpack(key, prefix)
    if (!isHeader(bytes)) out.push({ rest, bytes })
    else {
      const count = partsOf(bytes)
      out.push({ rest, bytes: Buffer.concat(rows.slice(i + 1, i + 1 + count).map(([, part]) => part)) })
      i += count
    }
  }
  return out
}

export class WritableRows extends Rows {
  override readonly tx: Transaction

  constructor(tx: Transaction, generation: Generation) {
    super(tx, generation)
    this.tx = tx
  }

  set(space: Space, tuple: Tuple, value: Value): void {
    this.setBytes(space, tuple, encodeValue(value))
  }

  /** Adds to the integer of a row, which is made where it is missing; reads nothing, so it commutes with what others add. */
  add(space: Space, tuple: Tuple, delta: number): void {
    this.tx.add(this.key(space, tuple), BigInt(delta))
  }

  /** Stores bytes, in parts where they are large. What stood there before, if it was large, is the caller's to clear. */
  setBytes(space: Space, tuple: Tuple, bytes: Uint8Array): void {
    const key = this.key(space, tuple)
    if (isHeader(bytes)) throw new RangeError("a value may not begin like the header of a value in parts")
    if (bytes.length <= largest) return this.tx.set(key, bytes)
    const count = Math.ceil(bytes.length / largest)
    this.tx.set(key, Buffer.concat([header, encodeValue(count)]))
    for (let i = 0; i < count; i++) this.tx.set(pack([i], key), bytes.subarray(i * largest, (i + 1) * largest))
  }

  clear(space: Space, tuple: Tuple): void {
    this.tx.clear(this.key(space, tuple))
  }

  /** Clears what extends the tuple, not the tuple's own row. */
  clearUnder(space: Space, tuple: Tuple): void {
    this.tx.clearRange(...under(this.key(space, tuple)))
  }

  /** Clears what extends the tuple, from another tuple below it on. */
  clearFrom(space: Space, tuple: Tuple, from: Tuple): void {
    const prefix = this.key(space, tuple)
    this.tx.clearRange(pack(from, prefix), under(prefix)[1])
  }

  /** Clears the tuple's row and all that extends it. */
  clearAll(space: Space, tuple: Tuple): void {
    this.clear(space, tuple)
    this.clearUnder(space, tuple)
  }
}

export const empty = new Uint8Array()
