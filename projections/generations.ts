/** How the generation that was folded beside the serving one takes its place. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import { partitionName, type Starts } from "../domain/ports/event-log.ts"
import type { Reader, Transaction } from "../domain/ports/key-value-store.ts"
import { numberOf } from "../domain/value.ts"
import { besideKey, besideTarget } from "./beside.ts"
import { isDeadLetter, placesNotSetAside } from "./dead-letters.ts"
import { discarded } from "./discards.ts"
import { checkpoints } from "./fold.ts"
import { type Kept, noteKept } from "./former.ts"
import { hasJobs } from "./jobs.ts"
import { pack, type Tuple } from "./keys.ts"
import { Rows, WritableRows } from "./rows.ts"
import {
  besidePath,
  controlPath,
  createGeneration,
  foldedBelow,
  foldVersion,
  formerPath,
  moveSpaces,
  pointTo,
  servingGeneration,
} from "./subspaces.ts"

/** What came of a try to swap; `torn` where the log has discarded meanwhile what was folded here, so that it must be done anew. */
export type SwapOutcome = "swapped" | "behind" | "torn"

/**
 * Lets the generation beside serve, in one transaction of few rows, if it holds all that the serving one does: readers see
 * the one or the other whole, and never step back. The one that served stands among the former ones for as long as it is kept.
 */
export const swapIn = async (tx: Transaction, owner: string, id: number, kept: Kept): Promise<SwapOutcome> => {
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
  await moveSpaces(tx, [], formerPath(serving.id))
  await moveSpaces(tx, besidePath, [])
  await tx.removeDirectory(besidePath)
  tx.clear(besideKey(control))
  await noteKept(tx, serving.id, kept)
  pointTo(tx, control, id)
  tx.set(servingSinceKey(control), encodeValue(kept.replacedAt))
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

/** The fold version of the serving projections where the code that runs folds by another; null where it is the same. */
export const otherFoldVersion = async (tx: Reader): Promise<number | null> => {
  const serving = await servingGeneration(tx)
  if (serving === undefined) return null
  const version = await foldedBelow(tx, [])
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

/** Since when the serving generation serves, in Unix milliseconds; undefined where that is not known. */
export const servingSince = async (tx: Reader): Promise<number | undefined> => {
  const control = await tx.directory(controlPath)
  const stored = control && (await tx.get(servingSinceKey(control)))
  return stored === undefined ? undefined : numberOf(decodeValue(stored))
}

const servingSinceKey = (control: Uint8Array): Uint8Array => pack(["serving_since"], control)
