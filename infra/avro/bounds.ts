/**
 * Checks that Avro bytes can be what their schema says before a decoder believes their counts: avsc allocates what an
 * array claims to hold, so five bytes could ask for gigabytes. Format: Avro 1.11 specification, "Binary Encoding".
 */
import { isUtf8 } from "node:buffer"
import type { Avro } from "../../events/define.ts"

/** The bytes claim something that they do not hold. */
export class AvroBoundsError extends Error {}

/** Items without any bytes (null, an empty record) that one array or map may claim. */
const mostEmptyItems = 1_000

interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

/** Walks over one value. */
type Walk = (cursor: Cursor) => void
/** `least` is the fewest bytes of a value; `exact` says that every value has so many, whatever they are. */
interface Walker {
  readonly walk: Walk
  readonly least: number
  readonly exact: boolean
}

/** A check for values of a schema: throws {@link AvroBoundsError} unless the bytes from `start` on hold one value and no more. */
export const boundsCheck = (schema: Avro): ((bytes: Uint8Array, start: number) => void) => {
  const { walk } = walkerOf(schema, new Map())
  return (bytes, start) => {
    const cursor = { bytes, at: start }
    walk(cursor)
    if (cursor.at !== bytes.length) throw new AvroBoundsError(`${bytes.length - cursor.at} bytes are left over`)
  }
}

type Named = Map<string, Walker>

const walkerOf = (schema: Avro, named: Named): Walker => {
  if (typeof schema === "string") return named.get(schema) ?? primitive(schema)
  if (Array.isArray(schema)) return union(schema.map((each: Avro) => walkerOf(each, named)))
  // Neither a name nor a union, so an object of one of these forms.
  const { type, name, items, values, fields } = schema as unknown as ComplexSchema
  if (items !== undefined) return blocks(walkerOf(items, named))
  if (values !== undefined) return blocks(record([text, walkerOf(values, named)]))
  if (fields === undefined) return walkerOf(type, named)
  const walker = record(fields.map((field) => walkerOf(field.type, named)))
  if (name !== undefined) named.set(name, walker)
  return walker
}

/** An array has `items`, a map `values`, a record `fields`. */
interface ComplexSchema {
  readonly type: Avro
  readonly name?: string
  readonly items?: Avro
  readonly values?: Avro
  readonly fields?: readonly { readonly type: Avro }[]
}

const primitive = (name: string): Walker => {
  const walker = primitives.get(name)
  if (walker === undefined) throw new Error(`no bounds are known for the Avro type ${name}`)
  return walker
}

const skip = (cursor: Cursor, length: number): void => {
  const left = cursor.bytes.length - cursor.at
  if (length < 0 || length > left) throw new AvroBoundsError(`${length} bytes are claimed where ${left} are left`)
  cursor.at += length
}

const fixed = (length: number): Walker => ({ walk: (cursor) => skip(cursor, length), least: length, exact: true })

const walkVarint: Walk = (cursor) => {
  const { bytes } = cursor
  const last = Math.min(cursor.at + 10, bytes.length)
  for (let at = cursor.at; at < last; at++)
    if (bytes[at]! < 0x80) {
      cursor.at = at + 1
      return
    }
  throw new AvroBoundsError("an integer does not end")
}

/** A zigzag varint; beyond 2^53 it is not exact, which every use here refuses anyway. */
const readVarint = (cursor: Cursor): number => {
  const from = cursor.at
  walkVarint(cursor)
  let value = 0
  for (let at = cursor.at - 1; at >= from; at--) value = value * 128 + (cursor.bytes[at]! & 0x7f)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

const walkBytes: Walk = (cursor) => skip(cursor, readVarint(cursor))

const walkText: Walk = (cursor) => {
  const { bytes } = cursor
  const length = readVarint(cursor)
  let { at } = cursor
  skip(cursor, length)
  while (at < cursor.at && bytes[at]! < 0x80) at++
  if (at < cursor.at && !isUtf8(bytes.subarray(at, cursor.at))) throw new AvroBoundsError("a string is not UTF-8")
}

const text: Walker = { walk: walkText, least: 1, exact: false }
const varint: Walker = { walk: walkVarint, least: 1, exact: false }

const primitives: ReadonlyMap<string, Walker> = new Map([
  ["null", fixed(0)],
  ["boolean", fixed(1)],
  ["int", varint],
  ["long", varint],
  ["float", fixed(4)],
  ["double", fixed(8)],
  ["bytes", { walk: walkBytes, least: 1, exact: false }],
  ["string", text],
])

const record = (fields: readonly Walker[]): Walker => {
  const least = fields.reduce((sum, field) => sum + field.least, 0)
  if (fields.every((field) => field.exact)) return fixed(least)
  const walks = fields.map((field) => field.walk)
  return {
    walk: (cursor) => {
      for (const walk of walks) walk(cursor)
    },
    least,
    exact: false,
  }
}

const union = (branches: readonly Walker[]): Walker => ({
  walk: (cursor) => {
    const index = readVarint(cursor)
    const branch = branches[index]
    if (branch === undefined) throw new AvroBoundsError(`a union of ${branches.length} has no branch ${index}`)
    branch.walk(cursor)
  },
  least: 1 + Math.min(...branches.map((branch) => branch.least)),
  exact: false,
})

/** Arrays and maps: blocks of a count and items; a negative count has the block's size in bytes after it; 0 ends. */
const blocks = (item: Walker): Walker => {
  const walkItems = item.exact ? (cursor: Cursor, count: number) => skip(cursor, count * item.least) : repeat(item.walk)
  return {
    walk: (cursor) => {
      for (let empty = 0; ;) {
        const claimed = readVarint(cursor)
        if (claimed === 0) return
        if (claimed < 0) walkVarint(cursor)
        const count = Math.abs(claimed)
        if (item.least === 0) empty += count
        const left = cursor.bytes.length - cursor.at
        if (count * item.least > left || empty > mostEmptyItems)
          throw new AvroBoundsError(`${count} items are claimed where ${left} bytes are left`)
        walkItems(cursor, count)
      }
    },
    least: 1,
    exact: false,
  }
}

const repeat =
  (walk: Walk) =>
  (cursor: Cursor, count: number): void => {
    for (let i = 0; i < count; i++) walk(cursor)
  }
