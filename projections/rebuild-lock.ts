/** One rebuild at a time: a row outside of the projections, which its holder changes again and again while it lives. */
import { randomUUID } from "node:crypto"
import { Data, Effect } from "effect"
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { KeyValueStore, type Reader, type StoreFault, type Transaction } from "../domain/ports/key-value-store.ts"
import { pack } from "./keys.ts"
import { controlPath } from "./subspaces.ts"

/** Another process rebuilds. */
export class RebuildRunning extends Data.TaggedError("RebuildRunning")<{ readonly message: string }> {}

/**
 * Does the work while holding the lock, under a name of its own. Of a holder that died the lock is taken once its row has
 * stood still for `leaseMillis`, measured here, so that no two clocks need agree; what it does still, `work` must fence.
 */
export const withRebuildLock = <A, E, R>(
  leaseMillis: number,
  work: (owner: string) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreFault | RebuildRunning, R | KeyValueStore> =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const owner = randomUUID()
    yield* take(store, owner, leaseMillis)
    const beat = store.write(async (tx) => renew(tx, owner)).pipe(Effect.ignore, Effect.delay(leaseMillis / 5), Effect.forever)
    return yield* Effect.raceFirst(work(owner), beat).pipe(
      Effect.ensuring(Effect.ignore(store.write(async (tx) => release(tx, owner)))),
    )
  })

const take = (
  store: KeyValueStore["Service"],
  owner: string,
  leaseMillis: number,
): Effect.Effect<void, StoreFault | RebuildRunning> =>
  Effect.gen(function* () {
    const known = yield* store.write(async (tx) => takeFree(tx, owner))
    if (known === undefined) return
    yield* Effect.logInfo("the lock of another rebuild stands; waiting to see whether it lives")
    yield* Effect.sleep(leaseMillis)
    const isTaken = yield* store.write(async (tx) => takeFree(tx, owner, known))
    if (isTaken !== undefined)
      return yield* Effect.fail(new RebuildRunning({ message: "another process is rebuilding the projections" }))
  })

/** Takes the lock if nobody has it, or its row is still the known one; else answers the row. */
const takeFree = async (tx: Transaction, owner: string, known?: Uint8Array): Promise<Uint8Array | undefined> => {
  const key = lockKey(await tx.createDirectory(controlPath))
  const stored = await tx.get(key)
  if (stored !== undefined && (known === undefined || Buffer.compare(stored, known) !== 0)) return stored
  tx.set(key, encodeValue([owner, 0]))
  return undefined
}

/** How often the holder of the lock has given a sign of life; undefined while nobody holds it. */
export const rebuildBeat = async (tx: Reader): Promise<number | undefined> => {
  const control = await tx.directory(controlPath)
  return control && holderOf(await tx.get(lockKey(control)))?.beat
}

const renew = async (tx: Transaction, owner: string): Promise<void> => {
  const key = lockKey(await tx.createDirectory(controlPath))
  const held = holderOf(await tx.get(key))
  if (held?.owner === owner) tx.set(key, encodeValue([owner, held.beat + 1]))
}

const release = async (tx: Transaction, owner: string): Promise<void> => {
  const key = lockKey(await tx.createDirectory(controlPath))
  if (holderOf(await tx.get(key))?.owner === owner) tx.clear(key)
}

const holderOf = (stored: Uint8Array | undefined): { readonly owner: string; readonly beat: number } | undefined => {
  if (stored === undefined) return undefined
  const [owner, beat] = decodeValue(stored) as readonly [string, number]
  return { owner, beat }
}

const lockKey = (control: Uint8Array): Uint8Array => pack(["rebuild_lock"], control)
