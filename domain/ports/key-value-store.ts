import { Context, Data, type Effect } from "effect"

/**
 * The store cannot be reached or written now. Nothing of the transaction was kept; only where the store fell silent while it
 * committed is that not known, so whoever tries again must stand that it was.
 */
export class StoreUnavailable extends Data.TaggedError("StoreUnavailable")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/** The transaction is larger, or took longer, than the store takes; nothing of it was kept. The caller may cut it. */
export class TransactionTooLarge extends Data.TaggedError("TransactionTooLarge")<{
  readonly message: string
  readonly bytes: number
}> {}

export type Row = readonly [key: Uint8Array, value: Uint8Array]

export interface RangeOptions {
  /** At most this many rows; all by default. */
  readonly limit?: number
  /** From the last key to the first. */
  readonly reverse?: boolean
}

/**
 * One consistent view. Keys are ordered by their bytes, unsigned. Ranges hold `begin ≤ key < end`.
 *
 * Where views do not last ({@link KeyValueStore} `viewsLast`), a view is consistent for a few seconds. A body that reads
 * longer begins again with a newer view, and fails with StoreUnavailable when that is in vain; unless it is in `chunks` of
 * `read`.
 */
export interface Reader {
  readonly get: (key: Uint8Array) => Promise<Uint8Array | undefined>
  readonly range: (begin: Uint8Array, end: Uint8Array, options?: RangeOptions) => Promise<readonly Row[]>
  /**
   * As `range`, in chunks, for what may be too much to hold.
   *
   * Where views do not last, `read` goes on in a newer view once its view is too old, behind the last row it gave: each chunk
   * is of one view, no key comes twice, a row that nobody changed meanwhile is not missed, and what the body reads from then
   * on is of the newer view. In `write` a view that is too old fails the transaction.
   */
  readonly chunks: (begin: Uint8Array, end: Uint8Array, options?: RangeOptions) => AsyncIterable<readonly Row[]>
  /** The prefix of a directory's keys, or undefined where there is none. */
  readonly directory: (path: readonly string[]) => Promise<Uint8Array | undefined>
  /** The names of the directories right under a path. */
  readonly directories: (path: readonly string[]) => Promise<readonly string[]>
}

/** A view with writes of its own, which its reads see and others see when it commits, all or none. */
export interface Transaction extends Reader {
  readonly set: (key: Uint8Array, value: Uint8Array) => void
  readonly clear: (key: Uint8Array) => void
  readonly clearRange: (begin: Uint8Array, end: Uint8Array) => void
  /** Adds to a 64-bit little-endian integer (0 where absent, wrapping), without conflicting with other additions. */
  readonly add: (key: Uint8Array, delta: bigint) => void
  /** Opens a directory, with those above it, creating what is missing; answers its prefix. */
  readonly createDirectory: (path: readonly string[]) => Promise<Uint8Array>
  /** Gives a directory and all under it another path, at once; fails where the old is missing or the new exists. */
  readonly moveDirectory: (from: readonly string[], to: readonly string[]) => Promise<void>
  /** Removes a directory with all under it and all their keys; false where there was none. */
  readonly removeDirectory: (path: readonly string[]) => Promise<boolean>
}

export interface WriteOptions {
  /**
   * The caller can cut the transaction in smaller ones, and will when it fails with TransactionTooLarge: the store may refuse so
   * what is larger, or takes longer, than it likes. Without it only the store's own limits hold, and a transaction that is
   * always too slow fails with StoreUnavailable.
   */
  readonly divisible?: boolean
}

export type StoreFault = StoreUnavailable | TransactionTooLarge

/**
 * An ordered key-value store with serialisable transactions, as FoundationDB has them.
 * `body` may run more than once, so it must touch only `tx`; what it throws fails the transaction and keeps nothing.
 */
export class KeyValueStore extends Context.Service<
  KeyValueStore,
  {
    /** Whether a body's view holds for as long as the body reads; else for a few seconds, as {@link Reader} says. */
    readonly viewsLast: boolean
    readonly read: <A>(body: (tx: Reader) => Promise<A>) => Effect.Effect<A, StoreFault>
    /** What it answers was committed exactly once, however often the body ran. */
    readonly write: <A>(body: (tx: Transaction) => Promise<A>, options?: WriteOptions) => Effect.Effect<A, StoreFault>
    /** Waits until the key's value is not (or no longer) the known one, whichever process changes it. */
    readonly changed: (key: Uint8Array, known: Uint8Array | undefined) => Effect.Effect<void, StoreUnavailable>
  }
>()("matyan/KeyValueStore") {}
