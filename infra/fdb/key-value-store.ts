import type { Transaction as NativeTransaction } from "foundationdb"
import { Effect, Layer } from "effect"
import {
  KeyValueStore,
  type Reader,
  StoreUnavailable,
  type Transaction,
  type WriteOptions,
} from "../../domain/ports/key-value-store.ts"
import { faultsOf, unavailableOnly } from "../store-faults.ts"
import { type Client, openClient } from "./client.ts"
import { type CommitMarks, openMarks } from "./commit-marks.ts"
import { openGround } from "./ground.ts"
import { defaultLimits, type FdbLimits, type FdbOptions } from "./options.ts"
import { VersionReader } from "./reader.ts"
import type { Place } from "./reading.ts"
import { ConflictingTransaction } from "./transaction.ts"
import { beginIn, tryReading, WriteTries } from "./tries.ts"
import { Watches } from "./watches.ts"

/** How long closing waits for the cluster, in milliseconds. */
const closingTime = 2_000

/**
 * The store in a FoundationDB cluster, for any number of processes.
 *
 * The client library is loaded here, and its absence told; the cluster is asked nothing before the first transaction, so a
 * process starts while it is away. What a body throws comes out unchanged: a fault of the store as a failure, anything else as
 * a defect, so `runPromise` rejects with that very error.
 */
export const fdbStore = (options: FdbOptions): Layer.Layer<KeyValueStore, StoreUnavailable> =>
  Layer.effect(
    KeyValueStore,
    Effect.acquireRelease(
      Effect.tryPromise({
        try: async () => new FdbStore(await openClient(options.clusterFile, options), options),
        catch: (cause) =>
          cause instanceof StoreUnavailable ? cause : new StoreUnavailable({ message: "FoundationDB cannot be opened", cause }),
      }),
      (store) => Effect.promise(() => store.close()),
    ).pipe(
      Effect.map((store) => ({
        viewsLast: false,
        read: (body) => faultsOf(() => store.read(body)),
        write: (body, how) => faultsOf(() => store.write(body, how)),
        changed: (key, known) => unavailableOnly(faultsOf((signal) => store.changed(key, known, signal))),
      })),
    ),
  )

class FdbStore {
  readonly #client: Client
  readonly #root: readonly string[]
  readonly #limits: FdbLimits
  readonly #watches: Watches
  readonly #running = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()
  #place: Promise<Place> | undefined
  #marks: Promise<CommitMarks> | undefined

  constructor(client: Client, { root = [], limits = {} }: FdbOptions) {
    this.#client = client
    this.#root = root
    this.#limits = { ...defaultLimits, ...limits }
    this.#watches = new Watches({
      place: () => this.#opened(),
      tried: (body) => tryReading(this.#limits, this.#begin, body),
      most: this.#limits.watches,
    })
  }

  read<A>(body: (tx: Reader) => Promise<A>): Promise<A> {
    return this.#run(async () => {
      const place = await this.#opened()
      return tryReading(this.#limits, this.#begin, async (tn) => {
        const reader = new VersionReader(place, this.#limits, tn, await tn.getReadVersion(), this.#begin)
        return endingWith(reader, body)
      })
    })
  }

  write<A>(body: (tx: Transaction) => Promise<A>, { divisible = false }: WriteOptions = {}): Promise<A> {
    return this.#run(async () => {
      const place = await this.#opened()
      const tries = new WriteTries<A>(this.#limits, await this.#openedMarks(), divisible)
      return tries.run(this.#client.db, async (tn) => {
        const tx = new ConflictingTransaction(place, tn)
        return { answer: await endingWith(tx, body), hasWritten: tx.hasWritten }
      })
    })
  }

  changed(key: Uint8Array, known: Uint8Array | undefined, signal: AbortSignal): Promise<void> {
    return this.#run(() => this.#watches.changed(key, known, AbortSignal.any([signal, this.#closing.signal])))
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#running)
    await this.#removeMarks()
    this.#client.db.close()
  }

  /** Whatever is not removed here is swept by another process, some day. */
  async #removeMarks(): Promise<void> {
    const marks = await this.#marks?.catch(() => undefined)
    if (marks === undefined) return
    const tn = beginIn(this.#client.db, { ...this.#limits, transactionTimeoutMs: closingTime })
    marks.clear(tn)
    await tn.rawCommit().catch(() => undefined)
  }

  readonly #begin = (): NativeTransaction => beginIn(this.#client.db, this.#limits)

  /** Where everything lies, found when it is first needed; looked for again after a failure. */
  #opened(): Promise<Place> {
    const { fdb } = this.#client
    this.#place ??= this.#setUp(async (tn) => ({ fdb, ground: await openGround(fdb, tn, this.#root) })).catch((error) => {
      this.#place = undefined
      throw error
    })
    return this.#place
  }

  #openedMarks(): Promise<CommitMarks> {
    this.#marks ??= this.#setUp((tn) => openMarks(this.#client.fdb, tn)).catch((error) => {
      this.#marks = undefined
      throw error
    })
    return this.#marks
  }

  /** Directories that are there once, however often they are made: an unknown outcome does not matter. */
  #setUp<A>(body: (tn: NativeTransaction) => Promise<A>): Promise<A> {
    return tryReading(this.#limits, this.#begin, async (tn) => {
      const made = await body(tn)
      await tn.rawCommit()
      return made
    })
  }

  #run<A>(act: () => Promise<A>): Promise<A> {
    if (this.#closing.signal.aborted) return Promise.reject(new StoreUnavailable({ message: "the store is closed" }))
    const running = act()
    this.#running.add(running)
    const forget = (): void => void this.#running.delete(running)
    running.then(forget, forget)
    return running
  }
}

/** Runs a body to its end. Where a read failed, that fails the try, whatever the body made of it. */
const endingWith = async <T extends { readonly end: () => void }, A>(tx: T, body: (tx: T) => Promise<A>): Promise<A> => {
  let answer: A
  try {
    answer = await body(tx)
  } catch (error) {
    tx.end()
    throw error
  }
  tx.end()
  return answer
}
