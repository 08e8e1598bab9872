/** One rebuild at a time: a row outside of the projections, which its holder changes again and again while it lives. */
import { Data, Effect } from "effect"
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { NewId } from "../domain/ports/ids.ts"
import { KeyValueStore, type Reader, type StoreFault, type Transaction } from "../domain/ports/key-value-store.ts"
import { pack } from "./keys.ts"
import { controlPath } from "./subspaces.ts"

/** Another process rebuilds. */
export class RebuildRunning extends Data.TaggedError("RebuildRunning")<{ readonly message: string }> {}

/** What may be done by one at a time: rebuilds that swap, and folds of a part of the log. */
type Lock = "rebuild_lock" | "as_of_lock"

/**
 * Does the work while holding the lock, under a name of its own. Of a holder that died the lock is taken once its row has
 * stood still for `leaseMillis`, measured here, so that no two clocks need agree; what it does still, `work` must fence.
 */
export const withRebuildLock = <A, E, R>(
  leaseMillis: number,
  work: (owner: string) => Effect.Effect<A, E, R>,
  lock: Lock = "rebuild_lock",
): Effect.Effect<A, E | StoreFault | RebuildRunning, R | KeyValueStore> =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const owner = (yield* NewId)()
    yield* take(store, lock, owner, leaseMillis)
    const beat = store
      .write(async (tx) => renew(tx, lock, owner))
      .pipe(Effect.ignore, Effect.delay(leaseMillis / 5), Effect.forever)
    return yield* Effect.raceFirst(work(owner), beat).pipe(
      Effect.ensuring(Effect.ignore(store.write(async (tx) => release(tx, lock, owner)))),
    )
  })

const take = (
  store: KeyValueStore["Service"],
  lock: Lock,
  owner: string,
  leaseMillis: number,
): Effect.Effect<void, StoreFault | RebuildRunning> =>
  Effect.gen(function* () {
    const known = yield* store.write(async (tx) => takeFree(tx, lock, owner))
    if (known === undefined) return
    yield* Effect.logInfo("the lock of another rebuild stands; waiting to see whether it lives")
    yield* Effect.sleep(leaseMillis)
    const isTaken = yield* store.write(async (tx) => takeFree(tx, lock, owner, known))
    if (isTaken !== undefined)
      return yield* Effect.fail(
        new RebuildRunning({
          message: `another process is ${lock === "rebuild_lock" ? "rebuilding the projections" : "folding a part of the log"}`,
        }),
      )
  })

/** Takes the lock if nobody has it, or its row is still the known one; else answers the row. */
const takeFree = async (tx: Transaction, lock: Lock, owner: string, known?: Uint8Array): Promise<Uint8Array | undefined> => {
  const key = lockKey(await tx.createDirectory(controlPath), lock)
  const stored = await tx.get(key)
  if (stored !== undefined && (known === undefined || Buffer.compare(stored, known) !== 0)) return stored
  tx.set(key, encodeValue([owner, 0]))
  return undefined
}

/** How often the holder of the lock has given a sign of life; undefined while nobody holds it. */
export const rebuildBeat = async (tx: Reader): Promise<number | undefined> => {
  const control = await tx.directory(controlPath)
  return control && holderOf(await tx.get(lockKey(control, "rebuild_lock")))?.beat
}

const renew = async (tx: Transaction, lock: Lock, owner: string): Promise<void> => {
  const key = lockKey(await tx.createDirectory(controlPath), lock)
  const held = holderOf(await tx.get(key))
  if (held?.owner === owner) tx.set(key, encodeValue([owner, held.beat + 1]))
}

const release = async (tx: Transaction, lock: Lock, owner: string): Promise<void> => {
  const key = lockKey(await tx.createDirectory(controlPath), lock)
  if (holderOf(await tx.get(key))?.owner === owner) tx.clear(key)
}

const holderOf = (stored: Uint8Array | undefined): { readonly owner: string; readonly beat: number } | undefined => {
  if (stored === undefined) return undefined
  const [owner, beat] = decodeValue(stored) as readonly [string, number]
  return { owner, beat }
}

const lockKey = (control: Uint8Array, lock: Lock): Uint8Array => pack([lock], control)
