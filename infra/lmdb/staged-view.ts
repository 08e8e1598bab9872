import type { RangeOptions } from "../../domain/ports/key-value-store.ts"
import { sumOf } from "./addition.ts"
import { Intervals } from "./intervals.ts"
import { ReadRecord } from "./read-record.ts"
import type { Snapshot, StoredRow } from "./snapshot.ts"
import type { Staged, Staging } from "./staging.ts"

type Gap = readonly [begin: string, end: string]

/** A snapshot as it looks with staged writes upon it. */
export class StagedView {
  /** What was read of the snapshot, and not of what is staged. */
  readonly reads = new ReadRecord()
  readonly #snapshot: Snapshot
  readonly #staging: Staging
  /** Where the snapshot was looked through and holds nothing: a new run is asked for dozens of things that it cannot have. */
  readonly #vacant = new Intervals()

  constructor(snapshot: Snapshot, staging: Staging) {
    this.#snapshot = snapshot
    this.#staging = staging
  }

  get(key: string): Uint8Array | undefined {
    const staged = this.#staging.get(key)
    return staged === undefined ? this.#stored(key) : this.#valueOf(key, staged)
  }

  /** Rows until there are `limit`, or their values reach `bytes`. */
  rows(begin: string, end: string, { limit = Infinity, reverse = false }: RangeOptions = {}, bytes = Infinity): StoredRow[] {
    const rows: StoredRow[] = []
    if (limit <= 0 || begin >= end) return rows
    let read = 0
    for (const row of this.#merged(begin, end, reverse)) {
      rows.push(row)
      read += row[1].length
      if (rows.length >= limit || read >= bytes) break
    }
    return rows
  }

  firstOf(begin: string, end: string): string | undefined {
    return this.rows(begin, end, { limit: 1 })[0]?.[0]
  }

  #stored(key: string): Uint8Array | undefined {
    if (this.#staging.cleared.has(key) || this.#vacant.has(key)) return undefined
    const value = this.#snapshot.get(key)
    this.reads.note(key, value)
    return value
  }

  #valueOf(key: string, staged: Staged): Uint8Array | undefined {
    return typeof staged === "bigint" ? sumOf(this.#stored(key), staged) : (staged ?? undefined)
  }

  #merged(begin: string, end: string, reverse: boolean): Iterable<StoredRow> {
    const keys = this.#staging.keys(begin, end, reverse)
    const gaps = this.#readable(begin, end)
    if (gaps.length === 0) return keys.length === 0 ? nothing : this.#stagedRows(keys)
    const stored = this.#rowsOf(reverse ? gaps.reverse() : gaps, reverse)
    return keys.length === 0 ? stored : this.#interleaved(keys, stored, reverse)
  }

  *#interleaved(keys: readonly string[], stored: Iterable<StoredRow>, reverse: boolean): Generator<StoredRow> {
    let next = 0
    for (const row of stored) {
      while (next < keys.length && (reverse ? keys[next]! > row[0] : keys[next]! < row[0])) yield* this.#stagedRow(keys[next++]!)
      if (keys[next] === row[0]) yield* this.#stagedRow(keys[next++]!)
      else yield row
    }
    while (next < keys.length) yield* this.#stagedRow(keys[next++]!)
  }

  *#stagedRows(keys: readonly string[]): Generator<StoredRow> {
    for (const key of keys) yield* this.#stagedRow(key)
  }

  #stagedRow(key: string): readonly StoredRow[] {
    const value = this.#valueOf(key, this.#staging.get(key)!)
    return value === undefined ? [] : [[key, value]]
  }

  /** The parts of a range where the snapshot may hold rows that are not cleared. */
  #readable(begin: string, end: string): Gap[] {
    const { cleared } = this.#staging
    if (cleared.isEmpty) return this.#vacant.gaps(begin, end)
    return cleared.gaps(begin, end).flatMap(([from, to]) => this.#vacant.gaps(from, to))
  }

  *#rowsOf(gaps: readonly Gap[], reverse: boolean): Generator<StoredRow> {
    for (const [begin, end] of gaps) {
      let isVacant = true
      for (const row of this.reads.noting(this.#snapshot.rows(begin, end, reverse), { begin, end, reverse })) {
        isVacant = false
        yield row
      }
      if (isVacant) this.#vacant.add(begin, end)
    }
  }
}

const nothing: readonly StoredRow[] = []
