/**
 * The binary tree format of every `application/octet-stream` answer: records of a path and a value, one after the other.
 *
 * Record: path length (4 bytes, little-endian), path, value length (4 bytes), value (a tag byte and its payload).
 * A tree is walked depth first; only scalars, empty maps and arrays (before their items) have records of their own. No
 * value makes the writer throw, since that would cut an answer others share: an int beyond 64 bits, which the format
 * lacks, becomes the nearest float64, and a lone surrogate U+FFFD.
 */
import { Float } from "../../domain/value.ts"
import { PathBuffer, type PathKey } from "./stream-path.ts"

/**
 * What can be sent: any `Value`, with ints as map keys too, numeric columns, and plain objects for fixed sets of names
 * (a property that is undefined is left out).
 */
export type Tree =
  | null
  | boolean
  | number
  | bigint
  | Float
  | string
  | Uint8Array
  | NumericColumn
  | readonly Tree[]
  | ReadonlyMap<string, Tree>
  | ReadonlyMap<number, Tree>
  | ReadonlyMap<PathKey, Tree>
  | { readonly [name: string]: Tree | undefined }

/** Numbers that are sent as one blob of float64. */
export class NumericColumn {
  readonly values: Float64Array
  readonly shape: number
  constructor(values: Float64Array, shape: number) {
    this.values = values
    this.shape = shape
  }
}

/** A numeric column; `shape` is the count of values unless the reader is to be told another (the bins of a distribution). */
export const numpy = (values: Float64Array | readonly number[], shape = values.length): NumericColumn =>
  new NumericColumn(values instanceof Float64Array ? values : Float64Array.from(values), shape)

/** The records of one tree. */
export const encodeTree = (tree: Tree, path: readonly PathKey[] = []): Uint8Array => new TreeWriter().write(tree, path).take()

const tag = { null: 0, bool: 1, int: 2, float: 3, string: 4, bytes: 5, array: 6, map: 7 } as const
const twoTo32 = 2 ** 32

/** A value's length, with its tag, has 4 bytes. */
export const mostBytes = twoTo32 - 1

/** Writes trees one after the other; {@link TreeWriter.take} hands over what is there, for a streamed answer. */
export class TreeWriter {
  #out: Buffer
  #at = 0
  readonly #path = new PathBuffer()

  /** `capacity` is how many bytes are expected between two calls of `take`; more are no error. */
  constructor(capacity = 1024) {
    this.#out = Buffer.allocUnsafeSlow(capacity)
  }

  /** How many bytes wait to be taken. */
  get length(): number {
    return this.#at
  }

  /** The bytes since the last call. The writer does not touch them again. */
  take(): Uint8Array {
    const bytes = this.#out.subarray(0, this.#at)
    this.#out = Buffer.allocUnsafeSlow(this.#out.length)
    this.#at = 0
    return bytes
  }

  /** Writes a tree at a path. */
  write(tree: Tree, path: readonly PathKey[] = []): this {
    const outer = this.#path.length
    for (const key of path) this.#path.enter(key)
    this.#tree(tree)
    this.#path.length = outer
    return this
  }

  /** Writes all of a value of `size` bytes but the bytes: they are to be sent behind what is taken next. Below {@link mostBytes}. */
  head(size: number, path: readonly PathKey[]): this {
    const outer = this.#path.length
    for (const key of path) this.#path.enter(key)
    const at = this.#record(tag.bytes, 0)
    this.#out.writeUInt32LE(size + 1, at - 5)
    this.#path.length = outer
    return this
  }

  /** Writes frame number `counter` of a search's progress; `(0, 0)` ends a search. */
  progress(counter: number, checked: number, total: number): this {
    return this.write([checked, total], [`progress_${counter}`])
  }

  #tree(tree: Tree): void {
    if (tree === null) this.#record(tag.null, 0)
    else if (typeof tree === "boolean") this.#bool(tree)
    else if (typeof tree === "number") this.#number(tree)
    else if (typeof tree === "bigint") this.#bigint(tree)
    else if (tree instanceof Float) this.#float(tree.value)
    else if (typeof tree === "string") this.#text(tree)
    else if (tree instanceof Uint8Array) this.#bytes(tree)
    else if (tree instanceof NumericColumn) this.#column(tree)
    else if (isArray(tree)) this.#array(tree)
    else this.#map(isMap(tree) ? tree : Object.entries(tree))
  }

  #array(items: readonly Tree[]): void {
    this.#record(tag.array, 0)
    const outer = this.#path.length
    for (const [index, item] of items.entries()) {
      this.#path.enterInt(index)
      this.#tree(item)
      this.#path.length = outer
    }
  }

  #map(entries: Iterable<readonly [PathKey, Tree | undefined]>): void {
    const outer = this.#path.length
    let isEmpty = true
    for (const [key, item] of entries) {
      if (item === undefined) continue
      isEmpty = false
      this.#path.enter(key)
      this.#tree(item)
      this.#path.length = outer
    }
    if (isEmpty) this.#record(tag.map, 0)
  }

  #column({ values, shape }: NumericColumn): void {
    const blob = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.#map([
      ["type", "numpy"],
      ["shape", shape],
      ["dtype", "float64"],
      ["blob", blob],
    ])
  }

  #bool(value: boolean): void {
    const at = this.#record(tag.bool, 1)
    this.#out[at] = value ? 1 : 0
  }

  #number(value: number): void {
    if (!Number.isInteger(value)) return this.#float(value)
    if (!Number.isSafeInteger(value)) return this.#bigint(BigInt(value))
    const at = this.#record(tag.int, 8)
    this.#out.writeUInt32LE(value >>> 0, at)
    this.#out.writeInt32LE(Math.floor(value / twoTo32), at + 4)
  }

  /** An int of more than 308 digits, which even a float64 cannot stand for, is sent as text. */
  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value)
      return Number.isFinite(Number(value)) ? this.#float(Number(value)) : this.#text(value.toString())
    const at = this.#record(tag.int, 8)
    this.#out.writeBigInt64LE(value, at)
  }

  #float(value: number): void {
    const at = this.#record(tag.float, 8)
    this.#out.writeDoubleLE(value, at)
  }

  #text(value: string): void {
    const at = this.#record(tag.string, Buffer.byteLength(value))
    this.#out.write(value, at)
  }

  #bytes(value: Uint8Array): void {
    const at = this.#record(tag.bytes, value.length)
    this.#out.set(value, at)
  }

  /** Begins a record at the present path; answers where its payload of `size` bytes goes, in the buffer as it is then. */
  #record(tag: number, size: number): number {
    const pathSize = this.#path.length
    const at = this.#at
    this.#at += 4 + pathSize + 5 + size
    if (this.#at > this.#out.length) this.#grow(at)
    this.#out.writeUInt32LE(pathSize, at)
    this.#path.bytes.copy(this.#out, at + 4, 0, pathSize)
    this.#out.writeUInt32LE(size + 1, at + 4 + pathSize)
    this.#out[at + 8 + pathSize] = tag
    return at + 9 + pathSize
  }

  #grow(used: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#out.length, this.#at))
    this.#out.copy(larger, 0, 0, used)
    this.#out = larger
  }
}

/** Array.isArray and instanceof do not narrow read-only types. */
const isArray = (tree: object): tree is readonly Tree[] => Array.isArray(tree)

const isMap = (tree: object): tree is ReadonlyMap<PathKey, Tree> => tree instanceof Map
