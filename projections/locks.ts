/**
 * Locks by which one process at a time does a job. They are rows beside the projections, with an owner and an expiry, so
 * that a holder that died keeps nobody out for longer than that. A holder that was stopped for so long may find that
 * another works already: what is done under a lock must stand that, and is ended when the lock is seen to be lost.
 */
import { Clock, Data, Effect } from "effect"
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { KeyValueStore, type Reader, type StoreFault, type Transaction } from "../domain/ports/key-value-store.ts"
import { float, numberOf } from "../domain/value.ts"
import { pack } from "./keys.ts"
import { controlPath } from "./subspaces.ts"

/** Another does the job. `until` is when its lock expires if it is not renewed, in Unix seconds. */
export class LockHeld extends Data.TaggedError("LockHeld")<{
  readonly message: string
  readonly job: string
  readonly owner: string
  readonly until: number
}> {}

/** The lock expired or was taken by another while the job was done, which was ended. */
export class LockLost extends Data.TaggedError("LockLost")<{ readonly message: string; readonly job: string }> {}

export interface LockOptions {
  /** How long the lock outlives its holder; it is renewed thrice in that time. 0: no lock is taken at all. */
  readonly ttlSeconds: number
  /** Who takes it, as others are told; it holds a UUID, so that no two are the same. */
  readonly owner: string
}

export interface Lock {
  readonly owner: string
  /** Unix seconds. */
  readonly until: number
}

/** Does the job while the lock is held, and lets go of it however the job ends. */
export const withLock = <A, E, R>(
  job: string,
  options: LockOptions,
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | LockHeld | LockLost | StoreFault, R | KeyValueStore> =>
  options.ttlSeconds <= 0
    ? effect
    : Effect.acquireUseRelease(
        acquire(job, options),
        (until) => Effect.raceFirst(effect, renewing(job, options, until)),
        () => release(job, options.owner),
      )

/** Who holds the lock now; undefined where it is free. */
export const lockOf = async (tx: Reader, job: string, now: number): Promise<Lock | undefined> => {
  const control = await tx.directory(controlPath)
  const stored = control && lockIn(await tx.get(pack(["locks", job], control)))
  return stored !== undefined && stored.until > now ? stored : undefined
}

/** Answers when the lock expires, in Unix seconds. */
const acquire = (job: string, { ttlSeconds, owner }: LockOptions) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const now = yield* unixSeconds
    const held = yield* store.write(async (tx) => {
      const other = await lockOf(tx, job, now)
      // Our own is there when the answer to the commit got lost and the body ran again.
      if (other !== undefined && other.owner !== owner) return other
      await put(tx, job, { owner, until: now + ttlSeconds })
      return undefined
    })
    if (held !== undefined) return yield* Effect.fail(lockHeld(job, held))
    return now + ttlSeconds
  })

/** Renews the lock for ever; fails once another has it, or when it ran out before the store could be asked. */
const renewing = (job: string, { ttlSeconds, owner }: LockOptions, first: number) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    let until = first
    const lost = Effect.fail(new LockLost({ message: `the lock on ${job} was lost, so the work was ended`, job }))
    const renewed = Effect.gen(function* () {
      const later = (yield* unixSeconds) + ttlSeconds
      const ours = yield* store.write(async (tx) => {
        const control = await tx.createDirectory(controlPath)
        if (lockIn(await tx.get(pack(["locks", job], control)))?.owner !== owner) return false
        await put(tx, job, { owner, until: later })
        return true
      })
      if (!ours) return yield* lost
      until = later
    })
    const waited = (fault: StoreFault) =>
      Effect.logWarning("the lock of a job could not be renewed", fault).pipe(
        Effect.andThen(unixSeconds),
        Effect.flatMap((now) => (now >= until ? lost : Effect.void)),
      )
    const renew = renewed.pipe(Effect.catchTags({ StoreUnavailable: waited, TransactionTooLarge: waited }))
    return yield* Effect.sleep(`${(ttlSeconds * 1000) / 3} millis`).pipe(Effect.andThen(renew), Effect.forever)
  })

/** Only the owner lets go. Where the store is away the lock runs out by itself, so that is no reason to fail. */
const release = (job: string, owner: string) =>
  Effect.flatMap(KeyValueStore, (store) =>
    store.write(async (tx) => {
      const control = await tx.createDirectory(controlPath)
      const key = pack(["locks", job], control)
      if (lockIn(await tx.get(key))?.owner === owner) tx.clear(key)
    }),
  ).pipe(Effect.catch((fault) => Effect.logWarning("the lock of a job could not be released", fault)))

const put = async (tx: Transaction, job: string, { owner, until }: Lock): Promise<void> =>
  tx.set(pack(["locks", job], await tx.createDirectory(controlPath)), encodeValue([owner, float(until)]))

/** A row that cannot be read locks nothing. */
const lockIn = (stored: Uint8Array | undefined): Lock | undefined => {
  if (stored === undefined) return undefined
  try {
    const value = decodeValue(stored)
    if (!Array.isArray(value)) return undefined
    const [owner, until] = [value[0], numberOf(value[1] ?? null)]
    return typeof owner === "string" && until !== undefined ? { owner, until } : undefined
  } catch {
    return undefined
  }
}

const lockHeld = (job: string, { owner, until }: Lock): LockHeld =>
  new LockHeld({
    message: `${job} is being done by ${owner}, whose lock holds until ${new Date(until * 1000).toISOString()} unless it is renewed`,
    job,
    owner,
    until,
  })

/** By the clock of this process; processes whose clocks differ see each other's locks end early or late by as much. */
const unixSeconds: Effect.Effect<number> = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)
