/** Reads of one native transaction, behind a ground's prefix. */
import type { Transaction } from "foundationdb"
import type { RangeOptions, Row } from "../../domain/ports/key-value-store.ts"
import { type Bounds, ownKey, readable } from "./bounds.ts"
import type { Fdb } from "./client.ts"
import type { Ground } from "./ground.ts"

/** A chunk ends after so many rows, or about so many bytes; the cluster may send less. */
const chunkRows = 512
const chunkBytes = 256 * 1024

export interface Place {
  readonly fdb: Fdb
  readonly ground: Ground
}

export const getRow = ({ ground }: Place, tn: Transaction, key: Uint8Array): Promise<Uint8Array | undefined> =>
  tn.at(ground.keys).get(ownKey(key, ground.length))

export const rangeRows = async (
  { fdb, ground }: Place,
  tn: Transaction,
  [begin, end]: readonly [Uint8Array, Uint8Array],
  { limit, reverse = false }: RangeOptions = {},
): Promise<readonly Row[]> => {
  const bounds = readable(begin, end)
  // To the library, a limit of 0 is none.
  if (bounds === undefined || limit === 0) return []
  return tn.at(ground.keys).getRangeAll(bounds.begin, bounds.end, {
    reverse,
    streamingMode: fdb.StreamingMode.WantAll,
    ...(limit === undefined ? {} : { limit }),
  })
}

/** The rows of a range in chunks; `read` runs each of the reads, and may run one again in another transaction. */
export async function* chunkedRows(
  place: Place,
  [begin, end]: readonly [Uint8Array, Uint8Array],
  { limit = Infinity, reverse = false }: RangeOptions,
  read: <A>(from: (tn: Transaction) => Promise<A>) => Promise<A>,
): AsyncGenerator<readonly Row[]> {
  let bounds = readable(begin, end)
  for (let left = limit; bounds !== undefined && left > 0;) {
    const asked: Bounds = bounds
    const most = Math.min(left, chunkRows)
    const page = await read((tn) => pageOf(place, tn, asked, most, reverse))
    left -= page.results.length
    const last = page.results.at(-1)?.[0]
    if (last !== undefined) yield page.results
    // A page that is cut by its limit need not say that there is more.
    if (last === undefined || (!page.more && page.results.length < most)) return
    bounds = reverse ? readable(asked.begin, last) : readable(Buffer.concat([last, Buffer.alloc(1)]), asked.end)
  }
}

const pageOf = ({ fdb, ground }: Place, tn: Transaction, { begin, end }: Bounds, limit: number, reverse: boolean) => {
  const { firstGreaterOrEqual } = fdb.keySelector
  return tn
    .at(ground.keys)
    .getRangeRaw(firstGreaterOrEqual(begin), firstGreaterOrEqual(end), limit, chunkBytes, fdb.StreamingMode.Serial, 1, reverse)
}
