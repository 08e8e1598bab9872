/** The generation that a rebuild folds beside the serving one, how it takes its place, and those that it replaced. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { partitionName, type Starts } from "../domain/ports/event-log.ts"
import type { Reader, Transaction } from "../domain/ports/key-value-store.ts"
import { isDeadLetter, placesNotSetAside } from "./dead-letters.ts"
import { discarded } from "./discards.ts"
import { checkpoints } from "./fold.ts"
import { hasJobs } from "./jobs.ts"
import { pack, type Tuple } from "./keys.ts"
import { Rows, WritableRows } from "./rows.ts"
import {
  besidePath,
  controlPath,
  createGeneration,
  createSpaces,
  directories,
  foldedBy,
  foldVersion,
  formerPath,
  type Generation,
  pointTo,
  prefixesAt,
  servingGeneration,
  spaces,
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

/** Takes the generation beside, made where there is none, for an owner; whoever had it writes it no more. */
export const openBeside = async (tx: Transaction, owner: string): Promise<Opened> => {
  const serving = await createGeneration(tx)
  const control = await tx.createDirectory(controlPath)
  const beside = await besideIn(tx, control)
  if (beside !== undefined) {
    tx.set(besideKey(control), encodeValue([beside.id, owner]))
    const isUsable = (await foldedBy(tx, { prefixes: await prefixesAt(tx, besidePath) })) === foldVersion
    return { id: beside.id, isUsable }
  }
  await createSpaces(tx, besidePath)
  const id = Math.max(serving.id, ...(await formerGenerations(tx))) + 1
  tx.set(besideKey(control), encodeValue([id, owner]))
  return { id, isUsable: true }
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

/** What came of a try to swap; `torn` where the log has discarded meanwhile what was folded here, so that it must be done anew. */
export type SwapOutcome = "swapped" | "behind" | "torn"

/**
 * Lets the generation beside serve, in one transaction of few rows, if it holds all that the serving one does: readers see
 * the one or the other whole, and never step back. The one that served stands among the former ones until it is removed;
 * where it is to be kept, that is noted.
 */
export const swapIn = async (tx: Transaction, owner: string, id: number, keep = false): Promise<SwapOutcome> => {
  const serving = await createGeneration(tx)
  // Done already, where a store tries a commit again of which it cannot tell whether it was done.
  if (serving.id === id) return "swapped"
  const beside = new Rows(tx, await besideTarget(owner)(tx))
  const reached = await checkpoints(beside)
  for (const [partition, offset] of await checkpoints(new Rows(tx, serving)))
    if ((reached.get(partition) ?? 0) < offset) return "behind"
  if (await hasJobs(beside)) return "behind"
  if (await isTorn(beside, reached)) return "torn"
  const control = await tx.createDirectory(controlPath)
  for (const space of spaces) {
    const path = directories[space]
    const former = [...formerPath(serving.id), ...path]
    await tx.createDirectory(former.slice(0, -1))
    await tx.moveDirectory(path, former)
    await tx.moveDirectory([...besidePath, ...path], path)
  }
  await tx.removeDirectory(besidePath)
  tx.clear(besideKey(control))
  if (keep) tx.set(keptKey(control, serving.id), encodeValue(true))
  pointTo(tx, control, id)
  return "swapped"
}

/** Asks projectors to fold nothing into the serving generation for a moment; `null` ends it. */
export const hold = async (tx: Transaction, holder: string | null): Promise<void> => {
  const { id } = await createGeneration(tx)
  pointTo(tx, await tx.createDirectory(controlPath), id, holder)
}

/**
 * The letters that the log was asked to set aside already need not be set aside again. Deals with some of them, after a
 * place; answers where to go on, or undefined at their end.
 */
export const keepSetAside = async (tx: Transaction, owner: string, after: Tuple): Promise<Tuple | undefined> => {
  const beside = new WritableRows(tx, await besideTarget(owner)(tx))
  const serving = new Rows(tx, await createGeneration(tx))
  const places = await placesNotSetAside(beside, { limit: 200, after })
  const wasSetAside = async (place: Tuple): Promise<boolean> =>
    (await serving.has("marks", ["letter", ...place])) && !(await serving.has("marks", ["aside", ...place]))
  const were = await Promise.all(places.map(wasSetAside))
  for (const [i, place] of places.entries()) if (were[i] === true) beside.clear("marks", ["aside", ...place])
  return places.at(-1)
}

/** From now on the generation beside is of no use, whatever becomes of its removal. */
export const spoilBeside = async (tx: Transaction, owner: string): Promise<void> => {
  const { prefixes } = await besideTarget(owner)(tx)
  tx.clear(pack(["fold_version"], prefixes.marks))
}

/** Removes what is left of the generation beside, once its rows are cleared (see {@link clearSome}). */
export const removeBeside = async (tx: Transaction, owner: string): Promise<void> => {
  const control = await tx.createDirectory(controlPath)
  if ((await besideIn(tx, control)) === undefined) return
  await besideTarget(owner)(tx)
  await tx.removeDirectory(besidePath)
  tx.clear(besideKey(control))
}

/** Clears some of the rows of a generation that does not serve; false once there are none. */
export const clearSome = async (tx: Transaction, below: readonly string[]): Promise<boolean> => {
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

/** The ids of the generations that were replaced and not removed yet. */
export const formerGenerations = async (tx: Reader): Promise<readonly number[]> =>
  (await tx.directories(["matyan", "former"])).map(Number)

/** Those of them that nobody wanted kept. */
export const replacedGenerations = async (tx: Reader): Promise<readonly number[]> => {
  const [control, former] = await Promise.all([tx.directory(controlPath), formerGenerations(tx)])
  if (control === undefined) return former
  const kept = await Promise.all(former.map((id) => tx.get(keptKey(control, id))))
  return former.filter((_, i) => kept[i] === undefined)
}

/** Removes what is left of a former generation, once its rows are cleared (see {@link clearSome}). */
export const removeFormer = async (tx: Transaction, id: number): Promise<void> => {
  await tx.removeDirectory(formerPath(id))
  tx.clear(keptKey(await tx.createDirectory(controlPath), id))
}

/** The fold version of the serving projections where the code that runs folds by another; null where it is the same. */
export const otherFoldVersion = async (tx: Reader): Promise<number | null> => {
  const serving = await servingGeneration(tx)
  if (serving === undefined) return null
  const version = await foldedBy(tx, serving)
  return version === foldVersion ? null : version
}

/** Whether something is folded here that was discarded after this fold had come to it. */
const isTorn = async (rows: Rows, reached: Starts): Promise<boolean> => {
  const passed = [...(await discarded(rows)).values()].filter(
    ({ position }) => position.offset < (reached.get(partitionName(position)) ?? 0),
  )
  const areLetters = await Promise.all(passed.map(({ position }) => isDeadLetter(rows, position)))
  return areLetters.includes(false)
}

const besideIn = async (
  tx: Reader,
  control: Uint8Array,
): Promise<{ readonly id: number; readonly owner: string } | undefined> => {
  const stored = await tx.get(besideKey(control))
  if (stored === undefined) return undefined
  const [id, owner] = decodeValue(stored) as readonly [number, string]
  return { id, owner }
}

const keptKey = (control: Uint8Array, id: number): Uint8Array => pack(["kept", id], control)

const besideKey = (control: Uint8Array): Uint8Array => pack(["beside"], control)
