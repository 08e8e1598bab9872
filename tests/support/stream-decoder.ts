import { float, int, type Value } from "../../domain/value.ts"

export type DecodedKey = string | number | bigint
/** A tree as a reader rebuilds it: maps, arrays and scalars. */
export type Decoded = Value | readonly Decoded[] | ReadonlyMap<DecodedKey, Decoded>
export interface DecodedRecord {
  readonly path: readonly DecodedKey[]
  /** A scalar, or what an array or empty map begins as. */
  readonly value: Value | Map<DecodedKey, Decoded>
}

type Growing = Value | Decoded[] | Map<DecodedKey, Decoded>

/** The records of a streamed answer. Throws where it is cut or no such stream. */
export const decodeRecords = (bytes: Uint8Array): readonly DecodedRecord[] => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const records: DecodedRecord[] = []
  for (let at = 0; at < buffer.length;) {
    const pathEnd = at + 4 + buffer.readUInt32LE(at)
    const end = pathEnd + 4 + buffer.readUInt32LE(pathEnd)
    if (end > buffer.length) throw new Error("the stream ends inside a record")
    records.push({ path: decodePath(buffer.subarray(at + 4, pathEnd)), value: decodePayload(buffer.subarray(pathEnd + 4, end)) })
    at = end
  }
  return records
}

/** The whole answer as one tree; parents that have no record of their own are maps. */
export const decodeTree = (bytes: Uint8Array): Decoded => {
  let root: Growing | undefined
  for (const { path, value } of decodeRecords(bytes)) {
    if (path.length === 0) {
      root = value as Growing
      continue
    }
    if (root === undefined) root = new Map()
    let parent = root
    for (const key of path.slice(0, -1)) {
      let child = childOf(parent, key)
      if (child === undefined) setChild(parent, key, (child = new Map()))
      parent = child
    }
    setChild(parent, path[path.length - 1] as DecodedKey, value as Growing)
  }
  return (root === undefined ? new Map() : root) as Decoded
}

export const decodePath = (bytes: Uint8Array): readonly DecodedKey[] => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const path: DecodedKey[] = []
  for (let at = 0; at < buffer.length;) {
    if (buffer[at] === 0xfe) {
      path.push(int(buffer.readBigInt64BE(at + 1)))
      if (buffer[at + 9] !== 0xfe) throw new Error("an int in a path without its end")
      at += 10
      continue
    }
    const end = buffer.indexOf(0xfe, at)
    if (end < 0) throw new Error("a text in a path without its end")
    path.push(buffer.toString("utf8", at, end))
    at = end + 1
  }
  return path
}

const decodePayload = (payload: Buffer): DecodedRecord["value"] => {
  const size = payload.length - 1
  const tag = `${payload[0]}:${size}`
  if (tag === "0:0") return null
  if (tag === "1:1") return payload[1] === 1
  if (tag === "2:8") return int(payload.readBigInt64LE(1))
  if (tag === "3:8") return float(payload.readDoubleLE(1))
  if (payload[0] === 4) return payload.toString("utf8", 1)
  if (payload[0] === 5) return new Uint8Array(payload.subarray(1))
  if (tag === "6:0") return []
  if (tag === "7:0") return new Map()
  throw new Error(`a value of unknown tag and size ${tag}`)
}

const childOf = (parent: Growing, key: DecodedKey): Growing | undefined => {
  if (parent instanceof Map) return parent.get(key) as Growing | undefined
  if (Array.isArray(parent)) return (parent as Growing[])[Number(key)]
  throw new Error("a record under a scalar")
}

const setChild = (parent: Growing, key: DecodedKey, child: Growing): void => {
  if (parent instanceof Map) parent.set(key, child as Decoded)
  else if (!Array.isArray(parent)) throw new Error("a record under a scalar")
  else if (key !== parent.length) throw new Error("array items out of order")
  else (parent as Growing[]).push(child)
}
