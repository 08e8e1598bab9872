/** Reads the binary trees that searches answer: records of a path and a value, as docs/streams.md describes them. */
import { MatyanError } from "./errors.ts"
import { intBE, scalarOf, textOf } from "./tree-values.ts"

/** A branch at the root of a tree: what searches send of one run, or a line of a log. */
export interface Entry {
  readonly key: string | number | bigint
  readonly value: unknown
}

type Branch = Record<string, unknown> | unknown[]
type Key = Entry["key"]

/** How many bytes a record has, or how many must be there to tell. */
export const sizeOfRecord = (view: DataView, at: number, end: number): number => {
  if (at + 4 > end) return 4
  const path = view.getUint32(at, true)
  return at + 8 + path > end ? 8 + path : 8 + path + view.getUint32(at + 4 + path, true)
}

/**
 * Rebuilds a tree branch by branch: maps as plain objects, lists as arrays, integers beyond 2^53 as bigint, arrays of numbers as
 * Float64Array. Records come in the order of the tree, so most share the way of the one before, which is not walked again.
 */
export class TreeReader {
  #path: Uint8Array = new Uint8Array(0)
  /** Where the components of the last record's path end, and what they are. */
  #ends: number[] = []
  #keys: Key[] = []
  /** Along the path: the branch that each component is looked up in, then what the record itself became. */
  #branches: (Branch | undefined)[] = []

  /** How many components a path has in common with the last one. */
  #shared(path: Uint8Array): number {
    const [last, length] = [this.#path, Math.min(path.length, this.#path.length)]
    let same = 0
    while (same < length && path[same] === last[same]) same++
    let count = 0
    while (count < this.#ends.length && this.#ends[count]! <= same) count++
    return count
  }

  /** The branches that are complete after these records, which must be whole. */
  *read(bytes: Uint8Array): Generator<Entry, undefined> {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = 0; at < bytes.length;) {
      const pathEnd = at + 4 + view.getUint32(at, true)
      const end = pathEnd + 4 + view.getUint32(pathEnd, true)
      const path = bytes.subarray(at + 4, pathEnd)
      const shared = this.#shared(path)
      if (shared === 0) yield* this.end()
      if (path.length > 0) this.#put(path, shared, scalarOf(bytes, view, pathEnd + 4, end))
      at = end
    }
  }

  /** The last branch, when there are no more records. */
  *end(): Generator<Entry, undefined> {
    const [key] = this.#keys
    const [root] = this.#branches
    this.#keys = []
    this.#ends = []
    if (key !== undefined && root !== undefined) yield { key, value: get(root, key) }
    this.#branches = [{}]
  }

  #put(path: Uint8Array, shared: number, value: unknown): void {
    this.#ends.length = shared
    this.#keys.length = shared
    this.#branches.length = shared + 1
    for (let at = this.#ends[shared - 1] ?? 0; at < path.length;) at = this.#component(path, at)
    const depth = this.#keys.length - 1
    const [branch, key] = [this.#branches[depth], this.#keys[depth]]
    if (branch === undefined || key === undefined) throw malformed("a record below what holds none")
    set(branch, key, value)
    this.#branches[depth + 1] = isBranch(value) ? value : undefined
    this.#path = path
    if (key === "blob" && value instanceof Uint8Array) this.#becomeNumbers(branch, depth, value)
  }

  /** Takes the component at `at`, and answers where the next begins; makes the branch of the one before where there is none. */
  #component(path: Uint8Array, at: number): number {
    const depth = this.#keys.length
    if (depth > 0 && this.#branches[depth] === undefined) this.#branches[depth] = this.#branchAt(depth - 1)
    // An empty text would be the mark alone; the server takes no such names, and has some of old at most.
    const isNumber = path[at] === 0xfe && path[at + 9] === 0xfe
    const end = isNumber ? at + 9 : path.indexOf(0xfe, at)
    if (path[end] !== 0xfe) throw malformed("a path without its end")
    this.#keys.push(isNumber ? intBE(path, at + 1) : textOf(path, at, end))
    this.#ends.push(end + 1)
    return end + 1
  }

  #branchAt(depth: number): Branch {
    const [branch, key] = [this.#branches[depth], this.#keys[depth]]
    if (branch === undefined || key === undefined) throw malformed("a record below what holds none")
    const there = get(branch, key)
    if (isBranch(there)) return there
    if (there !== undefined) throw malformed("a record below a scalar")
    const made: Branch = {}
    set(branch, key, made)
    return made
  }

  /** A map of numbers in bytes, of which these come last, becomes the numbers. */
  #becomeNumbers(map: Branch, depth: number, bytes: Uint8Array): void {
    const [owner, key] = [this.#branches[depth - 1], this.#keys[depth - 1]]
    if (Array.isArray(map) || map["type"] !== "numpy" || map["dtype"] !== "float64" || bytes.length % 8 !== 0) return
    // Records hold copies, which begin where their buffers do.
    if (owner !== undefined && key !== undefined) set(owner, key, new Float64Array(bytes.buffer, 0, bytes.length / 8))
  }
}

const get = (branch: Branch, key: Key): unknown =>
  Array.isArray(branch) ? branch[Number(key)] : Object.hasOwn(branch, key.toString()) ? branch[key.toString()] : undefined

const set = (branch: Branch, key: Key, value: unknown): void => {
  if (Array.isArray(branch)) {
    // The only other place is that of a numeric array that takes the place of its map.
    if (typeof key !== "number" || key > branch.length || key < 0) throw malformed("the items of a list are out of order")
    branch[key] = value
  } else if (key === "__proto__")
    Object.defineProperty(branch, key, { value, enumerable: true, writable: true, configurable: true })
  else branch[key.toString()] = value
}

const isBranch = (value: unknown): value is Branch =>
  typeof value === "object" && value !== null && !(value instanceof Uint8Array) && !(value instanceof Float64Array)

const malformed = (what: string): MatyanError => new MatyanError(`the answer cannot be read: ${what}`, { code: "malformed" })
