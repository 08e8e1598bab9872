/**
 * Nested values as flat keys: one row per leaf, below `…path, "__leaf__"`; empty maps and lists have rows of their own.
 * Layout: the architecture page, "Encoding and tree convention".
 */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import type { Value } from "../domain/value.ts"
import type { Element, Tuple } from "./keys.ts"
import type { Below, WritableRows } from "./rows.ts"
import type { Space } from "./subspaces.ts"

const leaf = "__leaf__"
const emptyMap = "__empty_dict__"
const emptyList = "__empty_list__"
const ends: ReadonlySet<string> = new Set([leaf, emptyMap, emptyList])
const yes = encodeValue(true)

/** The rows of a value, relative to its path, in no particular order. */
export const flatten = (value: Value, path: Tuple = []): Below[] => {
  if (value instanceof Map) {
    if (value.size === 0) return [{ rest: [...path, emptyMap], bytes: yes }]
    return [...value].flatMap(([key, item]: [string, Value]) => flatten(item, [...path, key]))
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return [{ rest: [...path, emptyList], bytes: yes }]
    return value.flatMap((item: Value, i) => flatten(item, [...path, i]))
  }
  return [{ rest: [...path, leaf], bytes: encodeValue(value) }]
}

/** The value that rows make, in key order; undefined where there is none. Holes in a list are null. */
export const unflatten = (rows: readonly Below[]): Value | undefined => {
  if (rows.length === 0) return undefined
  const root: Node = new Map()
  for (const { rest, bytes } of rows) {
    let node = root
    for (const element of rest.slice(0, -1)) {
      let child = node.get(element)
      if (!(child instanceof Map)) node.set(element, (child = new Map()))
      node = child
    }
    const last = rest.at(-1)!
    node.set(last, new Stored(last, bytes))
  }
  return assemble(root)
}

type Node = Map<Element, Node | Stored>

class Stored {
  readonly kind: Element
  readonly bytes: Uint8Array
  constructor(kind: Element, bytes: Uint8Array) {
    this.kind = kind
    this.bytes = bytes
  }
}

const assemble = (node: Node): Value => {
  for (const child of node.values())
    if (child instanceof Stored) {
      if (child.kind === emptyMap) return new Map<string, Value>()
      return child.kind === emptyList ? [] : decodeValue(child.bytes)
    }
  const entries = [...node].map(([key, child]) => [key, assemble(child as Node)] as const)
  if (!entries.every(([key]) => typeof key === "number")) return new Map(entries.map(([key, value]) => [String(key), value]))
  const list: Value[] = []
  for (const [index, value] of entries) {
    while (list.length < Number(index)) list.push(null)
    list.push(value)
  }
  return list
}

/** The path that was written last below a root: all above it are maps. For subtrees that are replaced one after the other. */
export class Way {
  #last: readonly string[] = []

  leadsTo(path: readonly string[]): void {
    this.#last = path
  }

  /** How many of the nodes above a path, from the root on, are known to be maps. */
  depthKnown(path: readonly string[]): number {
    let depth = 0
    while (depth < this.#last.length && depth < path.length) {
      depth++
      if (this.#last[depth - 1] !== path[depth - 1]) break
    }
    return depth
  }
}

/**
 * Replaces the subtree at `path` below `root`; a leaf, an empty container or a list in the way of the path is replaced
 * by the map that the path needs. False, and nothing written, where the subtree is that very one already.
 */
export const replaceSubtree = async (
  rows: WritableRows,
  space: Space,
  root: Tuple,
  path: readonly string[],
  value: Value,
  way: Way = new Way(),
): Promise<boolean> => {
  const at: Tuple = [...root, ...path]
  const wanted = flatten(value)
  const stored = await rows.under(space, at)
  if (sameRows(stored, wanted)) return false
  if (stored.length > 0) rows.clearUnder(space, at)
  else await makeWay(rows, space, root, path, way)
  way.leadsTo(path)
  for (const { rest, bytes } of wanted) rows.setBytes(space, [...at, ...rest], bytes)
  return true
}

/** Clears what stands above the path and is no map. A node is of one kind, so its first row tells which. */
const makeWay = async (rows: WritableRows, space: Space, root: Tuple, path: readonly string[], way: Way): Promise<void> => {
  for (let depth = way.depthKnown(path); depth < path.length; depth++) {
    const ancestor = [...root, ...path.slice(0, depth)]
    const [first] = await rows.under(space, ancestor, { limit: 1 })
    if (first === undefined) return
    const [element] = first.rest
    const isOfMap = typeof element === "string" && !(first.rest.length === 1 && ends.has(element))
    if (isOfMap) continue
    rows.clearUnder(space, ancestor)
    return
  }
}

const sameRows = (stored: readonly Below[], wanted: readonly Below[]): boolean => {
  if (stored.length !== wanted.length) return false
  const known = new Map(stored.map(({ rest, bytes }) => [JSON.stringify(rest), bytes]))
  return wanted.every(({ rest, bytes }) => {
    const other = known.get(JSON.stringify(rest))
    return other !== undefined && Buffer.compare(other, bytes) === 0
  })
}
