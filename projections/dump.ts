/** All projected rows in order: the oracle of the laws, and what people look at. */
import { createHash } from "node:crypto"
import { toJson } from "../domain/json-text.ts"
import { decodeValue } from "../domain/msgpack.ts"
import type { Value } from "../domain/value.ts"
import { type Rows, sumIn } from "./rows.ts"
import { comparedSpaces } from "./subspaces.ts"
import { type Element, unpack } from "./keys.ts"

export interface DumpedRow {
  readonly space: string
  /** The key without its directory's prefix. */
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Every projected row, as stored, by space and key, in chunks; those behind a row where it is told. */
export async function* dumpRows(rows: Rows, after?: DumpedRow): AsyncGenerator<readonly DumpedRow[]> {
  const left =
    after === undefined ? comparedSpaces : comparedSpaces.slice(comparedSpaces.findIndex((space) => space === after.space))
  for (const space of left) {
    const prefix = rows.key(space, [])
    const begin = space === after?.space ? Buffer.concat([prefix, after.key, Uint8Array.of(0)]) : prefix
    for await (const chunk of rows.tx.chunks(begin, Buffer.concat([prefix, Uint8Array.of(0xff)])))
      yield chunk.map(([key, value]) => ({ space, key: key.subarray(prefix.length), value }))
  }
}

/** SHA-256 over every projected row, hexadecimal: equal exactly when the dumps are. */
export const dumpHash = async (rows: Rows): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of dumpRows(rows)) for (const row of chunk) hash.update(lengths(row)).update(row.key).update(row.value)
  return hash.digest("hex")
}

const lengths = ({ space, key, value }: DumpedRow): string => `${space} ${key.length} ${value.length}\n`

/** One row as a line of text: space, key as a JSON list, value as JSON; bytes that are no msgpack and no count as `hex:…`. */
export const rowText = ({ space, key, value }: DumpedRow): string => {
  const tuple = unpack(key)
  const isCount = space === "own" && tuple[0] === "count"
  return `${space}\t${toJson(tuple.map(readable))}\t${isCount ? String(sumIn(value)) : valueText(value)}`
}

const readable = (element: Element): Value =>
  element instanceof Uint8Array ? `hex:${Buffer.from(element).toString("hex")}` : element

const valueText = (value: Uint8Array): string => {
  if (value.length === 0) return ""
  try {
    const decoded = decodeValue(value)
    return decoded instanceof Uint8Array ? `hex:${Buffer.from(decoded).toString("hex")}` : toJson(decoded)
  } catch {
    return `hex:${Buffer.from(value).toString("hex")}`
  }
}
