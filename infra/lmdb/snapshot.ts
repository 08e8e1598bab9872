import type { RootDatabase, Transaction } from "lmdb"
import { StoreUnavailable } from "../../domain/ports/key-value-store.ts"
import { commitCounter, countOf } from "./commit.ts"
import { keyBytes, keyText, storableBound } from "./key-text.ts"

export type BytesDatabase = RootDatabase<Uint8Array, Uint8Array>

/** A stored row, its key as a binary string. */
export type StoredRow = readonly [key: string, value: Uint8Array]

/** One committed state of a database. Release it, or it holds that state's pages for ever. */
export class Snapshot {
  readonly #db: BytesDatabase
  readonly #transaction: Transaction

  constructor(db: BytesDatabase) {
    this.#db = db
    // The database keeps one read transaction for everything read in a turn, which may be older than another thread's commit.
    db.resetReadTxn()
    this.#transaction = db.useReadTransaction()
  }

  get(key: string): Uint8Array | undefined {
    try {
      return this.#db.get(keyBytes(key), { transaction: this.#transaction })
    } catch (cause) {
      throw unreadable(cause)
    }
  }

  /** How many commits the store had. */
  commits(): bigint {
    return countOf(this.get(commitCounter))
  }

  /** Rows of `[begin, end)`, read as they are asked for; finish or leave the loop before anything is awaited. */
  *rows(begin: string, end: string, reverse: boolean): Generator<StoredRow> {
    try {
      for (const { key, value } of this.#db.getRange({ ...bounds(begin, end, reverse), transaction: this.#transaction }))
        yield [keyText(key), value]
    } catch (cause) {
      throw unreadable(cause)
    }
  }

  release(): void {
    this.#transaction.done()
  }
}

/** The options of a range `[begin, end)`; backwards, LMDB begins at its end. */
const bounds = (begin: string, end: string, reverse: boolean) => {
  const least = keyBytes(storableBound(begin))
  const above = keyBytes(storableBound(end))
  return reverse
    ? { start: above, end: least, reverse: true, exclusiveStart: true, inclusiveEnd: true }
    : { start: least, end: above }
}

const unreadable = (cause: unknown): StoreUnavailable => new StoreUnavailable({ message: "the store cannot be read", cause })
