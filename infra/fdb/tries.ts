/** The retry loops: what is tried again, for how long, and what a caller is told when it is not. */
import { setTimeout as pause } from "node:timers/promises"
import type { Database, Transaction as NativeTransaction } from "foundationdb"
import { codeOf, isTooLarge, isUnknown, tooLarge, transactionTooOld, unavailable } from "./faults.ts"
import type { CommitMarks, Mark } from "./commit-marks.ts"
import type { FdbLimits } from "./options.ts"

export interface Tried<A> {
  readonly answer: A
  /** Whether there is anything to commit. */
  readonly hasWritten: boolean
}

/** Milliseconds of the first wait between two tries, at most; the waits double from there. */
const firstDelay = 10

/** A transaction that ends by itself when the time is over, even where the cluster does not answer. */
export const beginIn = (db: Database, { transactionTimeoutMs }: FdbLimits, used = 0): NativeTransaction =>
  db.rawCreateTransaction({ timeout: Math.max(1, transactionTimeoutMs - used) })

/**
 * Waits before the next try; fails where there must be none. The next try needs a transaction of its own and not the former,
 * made new: the library's allocator of directories fails for ever in a transaction in which it has failed once (its lock is
 * kept by native transaction and never given back).
 */
export const waitForNext = async (tn: NativeTransaction, error: unknown, tries: number, limits: FdbLimits): Promise<void> => {
  const code = codeOf(error)
  if (code === undefined) throw error
  try {
    // The client library knows what may be tried again, and waits longer where the cluster asks for it.
    await tn.rawOnError(code)
  } catch (cause) {
    throw unavailable(cause)
  }
  await pause(Math.random() * Math.min(firstDelay * 2 ** tries, limits.maxRetryDelayMs))
}

/** Runs a body that writes nothing in a transaction, again in another when a fault says so. */
export const tryReading = async <A>(
  limits: FdbLimits,
  begin: () => NativeTransaction,
  body: (tn: NativeTransaction) => Promise<A>,
): Promise<A> => {
  const started = Date.now()
  for (let [tries, late] = [0, 0]; ; tries++) {
    const from = Date.now()
    const tn = begin()
    try {
      return await body(tn)
    } catch (error) {
      const code = codeOf(error)
      if (code === transactionTooOld && Date.now() - from >= limits.divisibleMs) late++
      // What is too slow for one read version twice will be so again.
      if (code !== undefined && (late >= 2 || Date.now() - started >= limits.transactionTimeoutMs)) throw unavailable(error)
      await waitForNext(tn, error, tries, limits)
    }
  }
}

/** One transaction that writes, tried until one try is committed: exactly one. */
export class WriteTries<A> {
  readonly #limits: FdbLimits
  readonly #marks: CommitMarks
  readonly #mark: Mark
  readonly #divisible: boolean
  readonly #started = Date.now()
  /** What the tries answered of which it is not known whether they were committed, by their numbers. */
  readonly #unknown = new Map<bigint, A>()

  constructor(limits: FdbLimits, marks: CommitMarks, divisible: boolean) {
    this.#limits = limits
    this.#marks = marks
    this.#mark = marks.take()
    this.#divisible = divisible
  }

  async run(db: Database, body: (tn: NativeTransaction) => Promise<Tried<A>>): Promise<A> {
    try {
      for (let tries = 0; ; tries++) {
        const from = Date.now()
        const tn = beginIn(db, this.#limits, from - this.#started)
        try {
          return await this.#once(tn, body)
        } catch (error) {
          this.#stopAt(error, Date.now() - from)
          await waitForNext(tn, error, tries, this.#limits)
        }
      }
    } finally {
      // A try of which nothing is known may be committed late and would then overwrite the mark of another transaction.
      if (this.#unknown.size === 0) this.#marks.giveBack(this.#mark)
    }
  }

  async #once(tn: NativeTransaction, body: (tn: NativeTransaction) => Promise<Tried<A>>): Promise<A> {
    const former = this.#unknown.size > 0 ? await this.#marks.committed(tn, this.#mark) : undefined
    if (former !== undefined && this.#unknown.has(former)) return this.#unknown.get(former)!
    const { answer, hasWritten } = await body(tn)
    if (!hasWritten) return answer
    const number = this.#marks.set(tn, this.#mark)
    if (this.#divisible) await this.#checkSize(tn)
    try {
      await tn.rawCommit()
    } catch (error) {
      if (isUnknown(codeOf(error) ?? 0)) this.#unknown.set(number, answer)
      throw error
    }
    return answer
  }

  async #checkSize(tn: NativeTransaction): Promise<void> {
    const { divisibleBytes } = this.#limits
    const bytes = await tn.getApproximateSize()
    if (bytes > divisibleBytes) throw tooLarge(`the transaction exceeds ${divisibleBytes} bytes and can be cut`, bytes)
  }

  /** Fails where another try would not help or is not wanted. */
  #stopAt(error: unknown, took: number): void {
    const code = codeOf(error)
    if (code === undefined) throw error
    if (isTooLarge(code)) throw tooLarge("the transaction exceeds what the cluster takes", 10_000_000)
    if (code === transactionTooOld && this.#divisible && took >= this.#limits.divisibleMs)
      throw tooLarge(`the transaction took ${took} ms and can be cut`, 0)
    if (Date.now() - this.#started >= this.#limits.transactionTimeoutMs) throw unavailable(error)
  }
}
