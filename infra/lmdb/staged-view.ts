import type { RangeOptions } from "../../domain/ports/key-value-store.ts"
import { sumOf } from "./addition.ts"
import type { Snapshot, StoredRow } from "./snapshot.ts"
import type { Staged, Staging } from "./staging.ts"

/** A snapshot as it looks with staged writes upon it. */
export class StagedView {
  readonly #snapshot: Snapshot
  readonly #staging: Staging

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
    return this.#staging.cleared.has(key) ? undefined : this.#snapshot.get(key)
  }

  #valueOf(key: string, staged: Staged): Uint8Array | undefined {
    return typeof staged === "bigint" ? sumOf(this.#stored(key), staged) : (staged ?? undefined)
  }

  #merged(begin: string, end: string, reverse: boolean): Iterable<StoredRow> {
    const keys = this.#staging.keys(begin, end, reverse)
    const stored = this.#uncleared(begin, end, reverse)
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

  #stagedRow(key: string): readonly StoredRow[] {
    const value = this.#valueOf(key, this.#staging.get(key)!)
    return value === undefined ? [] : [[key, value]]
  }

  #uncleared(begin: string, end: string, reverse: boolean): Iterable<StoredRow> {
    if (this.#staging.cleared.isEmpty) return this.#snapshot.rows(begin, end, reverse)
    const gaps = this.#staging.cleared.gaps(begin, end)
    return this.#rowsOfGaps(reverse ? gaps.reverse() : gaps, reverse)
  }

  *#rowsOfGaps(gaps: readonly (readonly [begin: string, end: string])[], reverse: boolean): Generator<StoredRow> {
    for (const [begin, end] of gaps) yield* this.#snapshot.rows(begin, end, reverse)
  }
}
