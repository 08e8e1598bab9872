/** The store in memory: ordered, with views and optimistic commits, and with all faults that a store may have. */
import { KeyValueStore, type Reader, StoreUnavailable, TransactionTooLarge } from "../../domain/ports/key-value-store.ts"
import { faultsOf, unavailableOnly } from "../../infra/store-faults.ts"
import { SimulatedTransaction, ViewTooOld } from "./transaction.ts"
import { Versions } from "./versions.ts"
import { calmWire, type Wire } from "./wire.ts"

/** What befalls a commit. `lost`: it is done, or not, and the store does not say which. */
export type CommitFate = "done" | "conflict" | "refused" | "lost done" | "lost undone"

export interface StoreTrouble {
  /** Why the store takes no request now, or null. */
  readonly away: () => string | null
  /** Why it takes no commit now, or null. */
  readonly full: () => string | null
  readonly fate: () => CommitFate
  readonly isTooOld: () => boolean
  /** Most bytes of a transaction, and of one that its caller can cut. */
  readonly mostBytes: number
  readonly mostDivisible: number
  /** Hears of each commit that changed something. */
  readonly onCommit: (changes: number) => void
}

export const noStoreTrouble: StoreTrouble = {
  away: () => null,
  full: () => null,
  fate: () => "done",
  isTooOld: () => false,
  mostBytes: 256 * 2 ** 20,
  mostDivisible: 256 * 2 ** 20,
  onCommit: () => undefined,
}

const mostTries = 60

export interface StoreConnection {
  readonly wire?: Wire
  readonly trouble?: StoreTrouble
  readonly viewsLast?: boolean
}

/** A connection to a store; any number of them may be open. */
export const connectStore = (
  versions: Versions,
  { wire = calmWire, trouble = noStoreTrouble, viewsLast = true }: StoreConnection = {},
): KeyValueStore["Service"] => {
  const view = (mostBytes: number, renews: boolean): SimulatedTransaction =>
    new SimulatedTransaction({ versions, wire, mostBytes, renews, isTooOld: () => !viewsLast && trouble.isTooOld() })

  const request = async (): Promise<void> => {
    await wire.arrive()
    const away = trouble.away()
    if (away === null) return
    await wire.answer()
    throw new StoreUnavailable({ message: away })
  }

  const read = async <A>(body: (tx: Reader) => Promise<A>): Promise<A> => {
    for (let tries = 0; tries < mostTries; tries++) {
      await request()
      const tx = view(0, true)
      try {
        const answer = await body(tx)
        await wire.answer()
        return answer
      } catch (error) {
        await wire.answer()
        if (!(error instanceof ViewTooOld)) throw error
      } finally {
        tx.end()
      }
    }
    throw new StoreUnavailable({ message: "every view was too old before the body had read what it wanted" })
  }

  /** One try; null where it is to be made again. */
  const attempt = async <A>(
    body: (tx: SimulatedTransaction) => Promise<A>,
    divisible: boolean,
  ): Promise<{ answer: A } | null> => {
    await request()
    const tx = view(divisible ? trouble.mostDivisible : trouble.mostBytes, false)
    try {
      const answer = await body(tx)
      if (tx.changes.length > 0) await request()
      const fate = tx.changes.length === 0 ? "done" : trouble.fate()
      const full = tx.changes.length === 0 ? null : trouble.full()
      if (full !== null) throw new StoreUnavailable({ message: full })
      if (fate === "conflict") return null
      if (fate === "refused") throw new StoreUnavailable({ message: "the store did not take the commit" })
      const isDone = fate !== "lost undone" && tx.commit()
      if (isDone && tx.changes.length > 0) trouble.onCommit(tx.changes.length)
      await wire.answer()
      if (fate === "lost done" || fate === "lost undone")
        throw new StoreUnavailable({ message: "the store fell silent while it committed" })
      return isDone ? { answer } : null
    } catch (error) {
      if (!(error instanceof ViewTooOld)) throw error
      if (divisible) throw new TransactionTooLarge({ message: "the transaction took too long", bytes: 0 })
      return null
    } finally {
      tx.end()
    }
  }

  const write = async <A>(body: (tx: SimulatedTransaction) => Promise<A>, divisible: boolean): Promise<A> => {
    for (let tries = 0; tries < mostTries; tries++) {
      const done = await attempt(body, divisible)
      if (done !== null) return done.answer
      await wire.turn()
    }
    throw new StoreUnavailable({ message: "the transaction lost to others again and again" })
  }

  const changed = async (key: Uint8Array, known: Uint8Array | undefined, signal: AbortSignal): Promise<void> => {
    const text = Buffer.from(key).toString("latin1")
    for (;;) {
      await request()
      let wake: () => void = () => undefined
      const woken = new Promise<void>((resolve) => (wake = resolve))
      const stop = versions.watch((keys) => keys.has(text) && wake())
      signal.addEventListener("abort", wake, { once: true })
      const stored = versions.get(text, versions.last)
      const isKnown = stored === undefined || known === undefined ? stored === known : Buffer.compare(stored, known) === 0
      if (isKnown && !signal.aborted) await woken
      signal.removeEventListener("abort", wake)
      stop()
      await wire.answer()
      if (!isKnown || signal.aborted) return
    }
  }

  return KeyValueStore.of({
    viewsLast,
    read: (body) => faultsOf(() => read(body)),
    write: (body, options) => faultsOf(() => write(body, options?.divisible === true)),
    changed: (key, known) => unavailableOnly(faultsOf((signal) => changed(key, known, signal))),
  })
}
