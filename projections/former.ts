/** The generations that were replaced: until when each is kept, and how those go that are not. */
import { Clock, Effect } from "effect"
import { reached } from "../domain/milestones.ts"
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { KeyValueStore, type Reader, type StoreFault, type Transaction } from "../domain/ports/key-value-store.ts"
import { numberOf } from "../domain/value.ts"
import { pack } from "./keys.ts"
import { asOfPath, controlPath, directories, formerPath, spaces } from "./subspaces.ts"

/** What is known of a generation that was replaced, in Unix milliseconds. */
export interface Kept {
  /** Null where that was not noted. */
  readonly replacedAt: number | null
  /** Null: until somebody removes it. */
  readonly until: number | null
}

/** The ids of the generations that were replaced and not removed yet. */
export const formerGenerations = async (tx: Reader): Promise<readonly number[]> =>
  (await tx.directories(["matyan", "former"])).map(Number)

/** Until when a former generation is kept; undefined for one that nobody wants, which is removed. */
export const keptOf = async (tx: Reader, id: number): Promise<Kept | undefined> => {
  const control = await tx.directory(controlPath)
  const stored = control && (await tx.get(keptKey(control, id)))
  if (stored === undefined) return undefined
  // Earlier versions noted no more than that it is kept.
  const value = decodeValue(stored)
  const [replacedAt, until] = Array.isArray(value) ? value : [null, null]
  return { replacedAt: numberOf(replacedAt) ?? null, until: numberOf(until) ?? null }
}

export const noteKept = async (tx: Transaction, id: number, { replacedAt, until }: Kept): Promise<void> =>
  tx.set(keptKey(await tx.createDirectory(controlPath), id), encodeValue([replacedAt, until]))

/** Forgets until when it is kept: from then on it is to be removed, unless it stands elsewhere by the end of the transaction. */
export const forgetKept = async (tx: Transaction, id: number): Promise<void> =>
  tx.clear(keptKey(await tx.createDirectory(controlPath), id))

/** From now on the generation below a path is of no use, whatever becomes of its removal. */
export const spoil = async (tx: Transaction, below: readonly string[]): Promise<void> => {
  const marks = await tx.directory([...below, ...directories.marks])
  if (marks !== undefined) tx.clear(pack(["fold_version"], marks))
}

/** Takes its use from a former generation, so that it goes; false where there is none. */
export const giveUpFormer = async (tx: Transaction, id: number): Promise<boolean> => {
  if (!(await formerGenerations(tx)).includes(id)) return false
  await spoil(tx, formerPath(id))
  await forgetKept(tx, id)
  return true
}

/** Removes, a few rows at a time, what was replaced and is kept no longer, and whatever of others was not removed whole. */
export const removeReplaced: Effect.Effect<void, StoreFault, KeyValueStore> = Effect.gen(function* () {
  const store = yield* KeyValueStore
  const now = yield* Clock.currentTimeMillis
  for (const id of yield* store.read((tx) => dueAt(tx, now))) {
    // It may have been taken back meanwhile.
    const isDue = yield* store.write(async (tx) => (await dueAt(tx, now)).includes(id) && giveUpFormer(tx, id))
    if (isDue) yield* removeBelow(formerPath(id))
  }
  for (const id of yield* store.read(abandonedAsOf)) yield* removeBelow(asOfPath(id))
})

const dueAt = async (tx: Reader, now: number): Promise<readonly number[]> => {
  const former = await formerGenerations(tx)
  const kept = await Promise.all(former.map((id) => keptOf(tx, id)))
  return former.filter((_, i) => isDue(kept[i], now))
}

const isDue = (kept: Kept | undefined, now: number): boolean => kept === undefined || (kept.until !== null && kept.until <= now)

/** Those of which only rows are left: the note of one is removed first. */
const abandonedAsOf = async (tx: Reader): Promise<readonly number[]> => {
  const control = await tx.directory(controlPath)
  const ids = (await tx.directories(["matyan", "as_of"])).map(Number)
  const noted = await Promise.all(ids.map((id) => control && tx.get(pack(["as_of", id], control))))
  return ids.filter((_, i) => noted[i] === undefined)
}

const removeBelow = (path: readonly string[]): Effect.Effect<void, StoreFault, KeyValueStore> =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    yield* clearBelow(path)
    reached("rebuild: removing")
    yield* store.write(async (tx) => tx.removeDirectory(path))
    reached("rebuild: removed")
  })

/** Clears the rows of a generation that does not serve, a few in each transaction. */
export const clearBelow = (path: readonly string[]): Effect.Effect<void, StoreFault, KeyValueStore> =>
  KeyValueStore.use((store) =>
    store.write(async (tx) => clearSome(tx, path)).pipe(Effect.repeat({ while: (more) => more }), Effect.asVoid),
  )

/** Clears some of them; false once there are none. */
const clearSome = async (tx: Transaction, below: readonly string[]): Promise<boolean> => {
  for (const space of spaces) {
    const prefix = await tx.directory([...below, ...directories[space]])
    if (prefix === undefined) continue
    for await (const chunk of tx.chunks(prefix, Buffer.concat([prefix, Uint8Array.of(0xff)]))) {
      const [last] = chunk.at(-1)!
      tx.clearRange(prefix, Buffer.concat([last, Uint8Array.of(0)]))
      return true
    }
  }
  return false
}

const keptKey = (control: Uint8Array, id: number): Uint8Array => pack(["kept", id], control)
