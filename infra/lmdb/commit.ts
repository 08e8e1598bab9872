import { ABORT, TransactionFlags } from "lmdb"
import { StoreUnavailable } from "../../domain/ports/key-value-store.ts"
import { sumOf } from "./addition.ts"
import type { Environment } from "./environment.ts"
import { storableBound } from "./key-text.ts"
import { assertRoom } from "./room.ts"
import type { StoreDatabase } from "./snapshot.ts"
import type { Staged } from "./staging.ts"
import type { StagedTransaction } from "./transaction.ts"

/** A transaction whose body is through. */
type Tried = Pick<StagedTransaction, "staging" | "reads">

/** Counts the commits, by which a transaction knows at once that no other came between its snapshot and its own commit. */
export const commitCounter = "\xffc"

/** Readers see the commit before it is flushed; the call returns when it is. */
const visibleAtOnce = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT | TransactionFlags.NO_SYNC_FLUSH

/** Rows that a cleared range removes at a time, so that their keys need little memory. */
const removedAtOnce = 4_096

/**
 * Puts staged writes down, all or none: lmdb's `transactionSync`, the one kind that rolls back when it throws.
 * Answers false, having kept nothing, when the store has had other commits than the `seen` ones, and they have changed what was
 * read.
 */
export const commit = (
  { db, gate }: Environment<Uint8Array, Uint8Array | string>,
  folder: string,
  { staging, reads }: Tried,
  seen: bigint,
): boolean => {
  try {
    assertRoom(folder, { bytes: staging.bytes, rows: staging.rows, isRemoving: !staging.cleared.isEmpty })
    const change = (): unknown => {
      const counter = db.get(commitCounter)
      if (countOf(counter) !== seen && !reads.holdsIn(db)) return ABORT
      for (const [begin, end] of staging.cleared) removeRange(db, begin, end)
      for (const [key, staged] of staging.entries()) put(db, key, staged)
      db.putSync(commitCounter, sumOf(counter, 1n))
      return undefined
    }
    return gate.pass(() => db.transactionSync(change, visibleAtOnce)) !== ABORT
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : ""
    throw new StoreUnavailable({ message: `the store cannot be written${reason}`, cause })
  }
}

export const countOf = (counter: Uint8Array | undefined): bigint =>
  counter === undefined ? 0n : new DataView(counter.buffer, counter.byteOffset).getBigUint64(0, true)

const put = (db: StoreDatabase, key: string, staged: Staged): void => {
  if (staged === null) db.removeSync(key)
  else db.putSync(key, typeof staged === "bigint" ? sumOf(db.get(key), staged) : staged)
}

const removeRange = (db: StoreDatabase, begin: string, end: string): void => {
  const range = { start: storableBound(begin), end: storableBound(end), limit: removedAtOnce }
  for (;;) {
    const keys = [...db.getKeys(range)]
    for (const key of keys) db.removeSync(key)
    if (keys.length < removedAtOnce) return
  }
}
