/** The generation that stands beside the serving one: being rebuilt, or about to serve again. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import type { Reader, Transaction } from "../domain/ports/key-value-store.ts"
import { numberOf, type Value } from "../domain/value.ts"
import { formerGenerations, type Kept, noteKept, spoil } from "./former.ts"
import { pack } from "./keys.ts"
import {
  besidePath,
  controlPath,
  createGeneration,
  createSpaces,
  foldedBelow,
  foldVersion,
  formerPath,
  type Generation,
  moveSpaces,
  prefixesAt,
  servingGeneration,
} from "./subspaces.ts"

/** Another has taken over the generation beside, or it is there no longer. */
export class RebuildLost extends Error {
  override readonly name = "RebuildLost"
}

/** The generation beside: `isUsable` is false for one of other code, or half removed, which must be dropped first. */
export interface Opened {
  readonly id: number
  readonly isUsable: boolean
}

/** The generation beside. */
export interface Beside {
  readonly id: number
  readonly owner: string
  /** When folding it began, in Unix milliseconds; null where that is not known. */
  readonly begun: number | null
  /** Of one that has served and is to serve again: until when it was kept. */
  readonly former: Kept | null
}

/**
 * Takes the generation beside, made where there is none, for an owner; whoever had it writes it no more. One that a rollback
 * has left there stands among the former ones again. `now` is in Unix milliseconds.
 */
export const openBeside = async (tx: Transaction, owner: string, now: number): Promise<Opened> => {
  await createGeneration(tx)
  const control = await tx.createDirectory(controlPath)
  const beside = await besideIn(tx, control)
  if (beside !== undefined && beside.former === null) {
    setBeside(tx, control, { ...beside, owner })
    const isUsable = (await foldedBelow(tx, besidePath)) === foldVersion
    return { id: beside.id, isUsable }
  }
  if (beside !== undefined) await putAside(tx, control, beside)
  await createSpaces(tx, besidePath)
  const id = await newId(tx)
  setBeside(tx, control, { id, owner, begun: now, former: null })
  return { id, isUsable: true }
}

/** An id that no generation has or had. */
export const newId = async (tx: Transaction): Promise<number> => {
  const control = await tx.createDirectory(controlPath)
  const key = pack(["last_id"], control)
  const [stored, serving, beside] = [await tx.get(key), await servingGeneration(tx), await besideIn(tx, control)]
  const given = stored === undefined ? 0 : Number(decodeValue(stored))
  const id = Math.max(given, serving?.id ?? 1, beside?.id ?? 0, ...(await formerGenerations(tx))) + 1
  tx.set(key, encodeValue(id))
  return id
}

/** The generation beside, for its owner alone: in any other's hands the transaction fails with {@link RebuildLost}. */
export const besideTarget = (owner: string): ((tx: Reader) => Promise<Generation>) => {
  let control: Uint8Array | undefined
  let cached: Generation | undefined
  return async (tx) => {
    control ??= await tx.directory(controlPath)
    const beside = control && (await besideIn(tx, control))
    if (beside?.owner !== owner) throw new RebuildLost("another rebuild has taken over")
    if (cached?.id !== beside.id) cached = { id: beside.id, prefixes: await prefixesAt(tx, besidePath), holder: null }
    return cached
  }
}

/** From now on the generation beside is of no use, whatever becomes of its removal. */
export const spoilBeside = async (tx: Transaction, owner: string): Promise<void> => {
  await besideTarget(owner)(tx)
  await spoil(tx, besidePath)
}

/** Removes what is left of the generation beside, once its rows are cleared. */
export const removeBeside = async (tx: Transaction, owner: string): Promise<void> => {
  const control = await tx.createDirectory(controlPath)
  if ((await besideIn(tx, control)) === undefined) return
  await besideTarget(owner)(tx)
  await tx.removeDirectory(besidePath)
  tx.clear(besideKey(control))
}

/**
 * Gives up what a rebuild or a rollback that died has left beside: it stands among the former ones, to be removed. False where
 * the generation beside is another, or there is none. Nobody may be at work on it (rebuild-lock.ts).
 */
export const abandonBeside = async (tx: Transaction, id: number): Promise<boolean> => {
  const control = await tx.createDirectory(controlPath)
  const beside = await besideIn(tx, control)
  if (beside?.id !== id) return false
  await putAside(tx, control, { ...beside, former: null })
  return true
}

/** The generation beside, if there is any. */
export const besideNow = async (tx: Reader): Promise<Beside | undefined> => {
  const control = await tx.directory(controlPath)
  return control && besideIn(tx, control)
}

/** Puts what stands beside among the former generations: kept as it was, or, of a rebuild, to be removed. */
export const putAside = async (tx: Transaction, control: Uint8Array, beside: Beside): Promise<void> => {
  if (beside.former === null) await spoil(tx, besidePath)
  else await noteKept(tx, beside.id, beside.former)
  await moveSpaces(tx, besidePath, formerPath(beside.id))
  await tx.removeDirectory(besidePath)
  tx.clear(besideKey(control))
}

export const besideIn = async (tx: Reader, control: Uint8Array): Promise<Beside | undefined> => {
  const stored = await tx.get(besideKey(control))
  if (stored === undefined) return undefined
  // Earlier versions noted the first two.
  const [id, owner, begun, former] = decodeValue(stored) as readonly [number, string, Value?, Value?]
  const kept = Array.isArray(former) ? { replacedAt: numberOf(former[0]) ?? null, until: numberOf(former[1]) ?? null } : null
  return { id, owner, begun: numberOf(begun) ?? null, former: kept }
}

export const setBeside = (tx: Transaction, control: Uint8Array, { id, owner, begun, former }: Beside): void =>
  tx.set(besideKey(control), encodeValue([id, owner, begun, former && [former.replacedAt, former.until]]))

export const besideKey = (control: Uint8Array): Uint8Array => pack(["beside"], control)
