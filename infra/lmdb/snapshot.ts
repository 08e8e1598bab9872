import type { RootDatabase, Transaction } from "lmdb"
import { type Row, StoreUnavailable } from "../../domain/ports/key-value-store.ts"
import { commitCounter, countOf } from "./commit.ts"
import { keyText, storableBound } from "./key-text.ts"

export type BytesDatabase = RootDatabase<Uint8Array, Uint8Array>

/** One whose keys may also be given as binary strings ({@link storeKeys}). */
export type StoreDatabase = RootDatabase<Uint8Array, Uint8Array | string>

/** A stored row, its key as a binary string. */
export type StoredRow = readonly [key: string, value: Uint8Array]

/** One committed state of a database. Release it, or it holds that state's pages for ever. */
export class Snapshot {
  readonly #db: StoreDatabase
  readonly #transaction: Transaction

  constructor(db: StoreDatabase) {
    this.#db = db
    // The database keeps one read transaction for everything read in a turn, which may be older than another thread's commit.
    try {
      db.resetReadTxn()
      this.#transaction = db.useReadTransaction()
    } catch (cause) {
      throw unreadable(cause)
    }
  }

  get(key: string): Uint8Array | undefined {
    try {
      return this.#db.get(key, { transaction: this.#transaction })
    } catch (cause) {
      throw unreadable(cause)
    }
  }

  /** As {@link Snapshot.get}, by the bytes of the key. */
  bytes(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#db.get(key, { transaction: this.#transaction })
    } catch (cause) {
      throw unreadable(cause)
    }
  }

  /** Rows of `[begin, end)` until there are `limit`, or their values reach `bytes`. */
  byteRows(
    { begin, end }: { readonly begin: Uint8Array; readonly end: Uint8Array },
    { limit, bytes, reverse }: { readonly limit: number; readonly bytes: number; readonly reverse: boolean },
  ): Row[] {
    const rows: Row[] = []
    let read = 0
    try {
      for (const { key, value } of this.#db.getRange({ ...ordered(begin, end, reverse), transaction: this.#transaction })) {
        rows.push([answered(key), value])
        read += value.length
        if (rows.length >= limit || read >= bytes) break
      }
    } catch (cause) {
      throw unreadable(cause)
    }
    return rows
  }

  /** How many commits the store had. */
  commits(): bigint {
    return countOf(this.get(commitCounter))
  }

  /** Rows of `[begin, end)`, read as they are asked for; finish or leave the loop before anything is awaited. */
  *rows(begin: string, end: string, reverse: boolean): Generator<StoredRow> {
    try {
      for (const { key, value } of this.#db.getRange({ ...boundsOf(begin, end, reverse), transaction: this.#transaction }))
        yield [keyText(answered(key)), value]
    } catch (cause) {
      throw unreadable(cause)
    }
  }

  release(): void {
    this.#transaction.done()
  }
}

/** What LMDB is asked for a range `[begin, end)`. */
export const boundsOf = (begin: string, end: string, reverse: boolean) =>
  ordered(storableBound(begin), storableBound(end), reverse)

/** The options of a range `[begin, end)`; backwards, LMDB begins at its end. */
const ordered = (begin: Uint8Array | string, end: Uint8Array | string, reverse: boolean) =>
  reverse ? { start: end, end: begin, reverse: true, exclusiveStart: true, inclusiveEnd: true } : { start: begin, end }

// Keys are answered as bytes, however they are given.
const answered = (key: Uint8Array | string): Uint8Array => key as Uint8Array

const unreadable = (cause: unknown): StoreUnavailable => new StoreUnavailable({ message: "the store cannot be read", cause })
