/**
 * What a transaction has read of its snapshot. Where other commits came since, its writes are still right if all of that is as
 * it was: whoever ran the body now would read the same, and so write the same.
 */
import { keyText } from "./key-text.ts"
import { boundsOf, type StoreDatabase, type StoredRow } from "./snapshot.ts"

/** Most that is kept of values, in bytes; of what reads more than that, nobody can tell, and any other commit is in its way. */
const mostKept = 32 * 1024 * 1024

/** What a row costs beside its value. */
const rowBytes = 64

interface RangeRead {
  readonly begin: string
  readonly end: string
  readonly reverse: boolean
  readonly rows: StoredRow[]
  /** Whether it was read to its end, so that nothing may have come behind the last of its rows. */
  isWhole: boolean
}

export class ReadRecord {
  readonly #values = new Map<string, Uint8Array | undefined>()
  readonly #ranges: RangeRead[] = []
  #kept = 0

  note(key: string, value: Uint8Array | undefined): void {
    if (this.#isFull) return
    this.#values.set(key, value)
    this.#count(value)
  }

  /** The rows of a range as they are taken, noted on the way. */
  *noting(rows: Iterable<StoredRow>, range: Pick<RangeRead, "begin" | "end" | "reverse">): Generator<StoredRow> {
    const read: RangeRead = { ...range, rows: [], isWhole: false }
    this.#ranges.push(read)
    for (const row of rows) {
      if (!this.#isFull) read.rows.push(row)
      this.#count(row[1])
      yield row
    }
    read.isWhole = true
  }

  /** Whether a database answers now as the snapshot did. */
  holdsIn(db: StoreDatabase): boolean {
    if (this.#isFull) return false
    for (const [key, value] of this.#values) if (!isSame(db.get(key), value)) return false
    return this.#ranges.every((range) => isAsRead(db, range))
  }

  get #isFull(): boolean {
    return this.#kept > mostKept
  }

  #count(value: Uint8Array | undefined): void {
    this.#kept += rowBytes + (value?.length ?? 0)
    if (!this.#isFull) return
    this.#values.clear()
    this.#ranges.length = 0
  }
}

const isAsRead = (db: StoreDatabase, { begin, end, reverse, rows, isWhole }: RangeRead): boolean => {
  let next = 0
  for (const { key, value } of db.getRange({ ...boundsOf(begin, end, reverse), limit: rows.length + (isWhole ? 1 : 0) })) {
    const row = rows[next++]
    if (row === undefined || keyText(key as Uint8Array) !== row[0] || !isSame(value, row[1])) return false
  }
  return next === rows.length
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.length === b.length && Buffer.compare(a, b) === 0
