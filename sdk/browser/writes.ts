/** What is written to the database: at once, all or nothing, and again where the browser's disk took nothing. */
import { done, stores } from "./database.ts"

/** Changes the database within a transaction. Done again later where it failed, so it must look at what holds by then. */
export type Change = (transaction: IDBTransaction) => void

export interface Writes {
  /** Writes with all else of this turn. `onDone` is called when it is kept. */
  readonly add: (change: Change, onDone?: () => void) => void
  /** Resolves when all is kept, or what is not failed. */
  readonly settled: () => Promise<void>
  /** Why the last attempt failed; null where it did not. */
  readonly failure: () => string | null
}

interface Write {
  readonly change: Change
  readonly onDone: (() => void) | undefined
}

const retryMillis = 1_000

export const writesTo = (database: IDBDatabase): Writes => {
  let waiting: readonly Write[] = []
  let isScheduled = false
  let failure: string | null = null
  const running = new Set<Promise<void>>()

  const write = async (writes: readonly Write[]): Promise<void> => {
    try {
      const transaction = database.transaction(stores, "readwrite", { durability: "relaxed" })
      for (const { change } of writes) change(transaction)
      // A page that is left has no time to wait for the end of its turn.
      transaction.commit()
      await done(transaction)
      failure = null
      for (const { onDone } of writes) onDone?.()
    } catch (error) {
      failure = String(error)
      waiting = [...writes, ...waiting]
      setTimeout(flush, retryMillis)
    }
  }
  const flush = (): void => {
    isScheduled = false
    if (waiting.length === 0) return
    const writes = waiting
    waiting = []
    const work = write(writes)
    running.add(work)
    void work.then(() => running.delete(work))
  }
  return {
    add: (change, onDone) => {
      waiting = [...waiting, { change, onDone }]
      if (!isScheduled) queueMicrotask(flush)
      isScheduled = true
    },
    settled: async () => {
      flush()
      while (running.size > 0) await Promise.all(running)
    },
    failure: () => failure,
  }
}
