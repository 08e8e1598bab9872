import { ABORT, TransactionFlags } from "lmdb"
import { StoreUnavailable } from "../../domain/ports/key-value-store.ts"
import { sumOf } from "./addition.ts"
import { keyBytes, storableBound } from "./key-text.ts"
import type { BytesDatabase } from "./snapshot.ts"
import type { Staged, Staging } from "./staging.ts"

/** Counts the commits, by which a transaction knows whether another came between its snapshot and its own commit. */
export const commitCounter = "\xffc"

/** Readers see the commit before it is flushed; the call returns when it is. */
const visibleAtOnce = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT | TransactionFlags.NO_SYNC_FLUSH

/** Rows that a cleared range removes at a time, so that their keys need little memory. */
const removedAtOnce = 4_096

/**
 * Puts staged writes down, all or none: lmdb's `transactionSync`, the one kind that rolls back when it throws.
 * Answers false, having kept nothing, when the store has had other commits than the `seen` ones (null: whatever it had).
 */
export const commit = (db: BytesDatabase, staging: Staging, seen: bigint | null): boolean => {
  try {
    const outcome: unknown = db.transactionSync(() => {
      const counter = db.get(keyBytes(commitCounter))
      if (seen !== null && countOf(counter) !== seen) return ABORT
      for (const [begin, end] of staging.cleared) removeRange(db, begin, end)
      for (const [key, staged] of staging.entries()) put(db, keyBytes(key), staged)
      db.putSync(keyBytes(commitCounter), sumOf(counter, 1n))
      return undefined
    }, visibleAtOnce)
    return outcome !== ABORT
  } catch (cause) {
    throw new StoreUnavailable({ message: "the store cannot be written", cause })
  }
}

export const countOf = (counter: Uint8Array | undefined): bigint =>
  counter === undefined ? 0n : new DataView(counter.buffer, counter.byteOffset).getBigUint64(0, true)

const put = (db: BytesDatabase, key: Uint8Array, staged: Staged): void => {
  if (staged === null) db.removeSync(key)
  else db.putSync(key, typeof staged === "bigint" ? sumOf(db.get(key), staged) : staged)
}

const removeRange = (db: BytesDatabase, begin: string, end: string): void => {
  const range = { start: keyBytes(storableBound(begin)), end: keyBytes(storableBound(end)), limit: removedAtOnce }
  for (;;) {
    const keys = [...db.getKeys(range)]
    for (const key of keys) db.removeSync(key)
    if (keys.length < removedAtOnce) return
  }
}
