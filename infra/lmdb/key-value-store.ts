import { mkdirSync, realpathSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { Effect, Layer } from "effect"
import { reached } from "../../domain/milestones.ts"
import { KeyValueStore, type Reader, StoreUnavailable, type Transaction } from "../../domain/ports/key-value-store.ts"
import { faultsOf, unavailableOnly } from "../store-faults.ts"
import { type ChangeSignal, changeSignal } from "./change-signal.ts"
import { wasUsedSinceBoot } from "./boot-mark.ts"
import { commit } from "./commit.ts"
import { type Environment, openEnvironment } from "./environment.ts"
import { keyText, storeKeys } from "./key-text.ts"
import { Snapshot, type StoreDatabase } from "./snapshot.ts"
import { SnapshotReader } from "./snapshot-reader.ts"
import { assertSound } from "./sound-file.ts"
import { Staging } from "./staging.ts"
import { StagedTransaction } from "./transaction.ts"
import { turns } from "./turns.ts"

export interface LmdbStoreOptions {
  readonly folder: string
  /** Most bytes that one transaction may stage in memory; 256 MiB by default. */
  readonly maxTransactionBytes?: number
  /** The store is dropped after use, so nothing of it is flushed to the disk: a crash of the machine may leave it broken. */
  readonly temporary?: boolean
}

/**
 * The store in a folder, for any number of processes and threads.
 *
 * Commits are atomic and ordered, but reach the disk a moment after they are answered (LMDB's overlapping sync): after a
 * power cut the store is as it was some commits ago. That is enough for projections, which hold their own checkpoint.
 *
 * What a body throws comes out unchanged: a fault of the store as a failure, anything else as a defect, so `runPromise`
 * rejects with that very error.
 */
export const lmdbStore = (options: LmdbStoreOptions): Layer.Layer<KeyValueStore, StoreUnavailable> =>
  Layer.effect(
    KeyValueStore,
    Effect.acquireRelease(
      Effect.try({
        try: () => new LmdbStore(options),
        catch: (cause) => new StoreUnavailable({ message: `the store in ${options.folder} cannot be opened`, cause }),
      }),
      (store) => Effect.promise(() => store.close()),
    ).pipe(
      Effect.map((store) => ({
        viewsLast: true,
        read: (body) => faultsOf(() => store.read(body)),
        write: (body) => faultsOf(() => store.write(body)),
        changed: (key, known) => unavailableOnly(faultsOf((signal) => store.changed(key, known, signal))),
      })),
    ),
  )

class LmdbStore {
  readonly #environment: Environment<Uint8Array, Uint8Array | string>
  readonly #db: StoreDatabase
  readonly #folder: string
  readonly #signal: ChangeSignal
  readonly #limit: number
  readonly #inTurn = turns()
  readonly #running = new Set<Promise<unknown>>()
  #closed = false

  constructor({ folder, maxTransactionBytes = 256 * 1024 * 1024, temporary = false }: LmdbStoreOptions) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, "store.mdb")
    // What was not flushed is only lost with the machine.
    assertSound(path, { isEachFlushed: !temporary && wasUsedSinceBoot(folder) })
    this.#environment = openEnvironment({
      path,
      keyEncoder: storeKeys,
      encoding: "binary",
      maxReaders: 2_000,
      ...(temporary ? { noSync: true, overlappingSync: false } : {}),
    })
    this.#db = this.#environment.db
    this.#signal = changeSignal(`matyan store ${realpathSync(folder)}`)
    this.#limit = maxTransactionBytes
  }

  read<A>(body: (tx: Reader) => Promise<A>): Promise<A> {
    return this.#run(() => this.#view(body))
  }

  write<A>(body: (tx: Transaction) => Promise<A>): Promise<A> {
    return this.#run(() => this.#inTurn(() => this.#commitAfter(body)))
  }

  async changed(key: Uint8Array, known: Uint8Array | undefined, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const heard = this.#signal.heard()
      if (!sameBytes(await this.read((tx) => tx.get(key)), known)) return
      await this.#signal.after(heard, signal)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#signal.close()
    await Promise.allSettled(this.#running)
    await this.#environment.close()
  }

  async #commitAfter<A>(body: (tx: Transaction) => Promise<A>): Promise<A> {
    for (let losses = 0; ; losses++) {
      const { answer, transaction, seen } = await this.#attempt(body)
      if (transaction.staging.isEmpty) return answer
      reached("store: before commit")
      if (commit(this.#environment, this.#folder, transaction, seen)) {
        reached("store: after commit")
        this.#signal.announce()
        return answer
      }
      // Another thread or process changed what was read; stepping aside a little keeps two from losing to each other in turn.
      await pause(Math.random() * Math.min(2 ** losses, 20))
    }
  }

  async #view<A>(body: (tx: Reader) => Promise<A>): Promise<A> {
    const snapshot = new Snapshot(this.#db)
    try {
      const reader = new SnapshotReader(snapshot)
      try {
        return await body(reader)
      } finally {
        reader.end()
      }
    } finally {
      snapshot.release()
    }
  }

  /** Runs the body once, on a snapshot of its own, and lets go of the snapshot however it ends. */
  async #attempt<A>(body: (tx: StagedTransaction) => Promise<A>) {
    const snapshot = new Snapshot(this.#db)
    try {
      const transaction = new StagedTransaction(snapshot, new Staging(), this.#limit)
      try {
        const seen = snapshot.commits()
        return { answer: await body(transaction), transaction, seen }
      } finally {
        transaction.end()
      }
    } finally {
      snapshot.release()
    }
  }

  #run<A>(act: () => Promise<A>): Promise<A> {
    if (this.#closed) return Promise.reject(new StoreUnavailable({ message: "the store is closed" }))
    const running = act()
    this.#running.add(running)
    const forget = (): void => void this.#running.delete(running)
    running.then(forget, forget)
    return running
  }
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : keyText(a) === keyText(b)
