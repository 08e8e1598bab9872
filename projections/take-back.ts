/** How a generation that was replaced comes to stand beside the serving one again, from where it can take over. */
import type { Reader, Transaction } from "../domain/ports/key-value-store.ts"
import { besideIn, putAside, setBeside } from "./beside.ts"
import { forgetKept, formerGenerations, keptOf } from "./former.ts"
import { besidePath, controlPath, createGeneration, foldedBelow, foldVersion, formerPath, moveSpaces } from "./subspaces.ts"

/** What came of a wish to have a former generation back: it stands beside now, serves already, or cannot be had. */
export type TakenBack =
  | { readonly _tag: "Beside" | "Serving"; readonly id: number }
  | { readonly _tag: "Refused"; readonly message: string }

/**
 * Takes a former generation, by default the one that was replaced last, to where one is rebuilt, for an owner. What a rebuild
 * has left there is given up. Where a rollback to it was broken off, it is there already.
 */
export const takeBack = async (tx: Transaction, owner: string, wanted: number | null): Promise<TakenBack> => {
  const serving = await createGeneration(tx)
  const control = await tx.createDirectory(controlPath)
  const beside = await besideIn(tx, control)
  if (beside !== undefined && beside.former !== null && (wanted ?? beside.id) === beside.id) {
    setBeside(tx, control, { ...beside, owner })
    return { _tag: "Beside", id: beside.id }
  }
  if (wanted === serving.id) return { _tag: "Serving", id: serving.id }
  const former = await formerGenerations(tx)
  const id = wanted ?? (await replacedLast(tx, former))
  if (id === undefined || !former.includes(id)) return { _tag: "Refused", message: noSuchFormer(wanted, former) }
  const version = await foldedBelow(tx, formerPath(id))
  if (version !== foldVersion) return { _tag: "Refused", message: notUsable(id, version) }
  if (beside !== undefined) await putAside(tx, control, beside)
  const kept = (await keptOf(tx, id)) ?? { replacedAt: null, until: null }
  await moveSpaces(tx, formerPath(id), besidePath)
  await tx.removeDirectory(formerPath(id))
  await forgetKept(tx, id)
  setBeside(tx, control, { id, owner, begun: null, former: kept })
  return { _tag: "Beside", id }
}

/** Puts a generation that was taken back, and is not to serve after all, among the former ones again. */
export const putBack = async (tx: Transaction, owner: string): Promise<void> => {
  const control = await tx.createDirectory(controlPath)
  const beside = await besideIn(tx, control)
  if (beside?.owner === owner) await putAside(tx, control, beside)
}

const replacedLast = async (tx: Reader, former: readonly number[]): Promise<number | undefined> => {
  let last: { readonly id: number; readonly at: number } | undefined
  for (const id of former) {
    if ((await foldedBelow(tx, formerPath(id))) !== foldVersion) continue
    const at = (await keptOf(tx, id))?.replacedAt ?? 0
    if (last === undefined || at > last.at || (at === last.at && id > last.id)) last = { id, at }
  }
  return last?.id
}

const noSuchFormer = (wanted: number | null, former: readonly number[]): string => {
  const there = former.length === 0 ? "none was replaced and is still kept" : `those that were replaced are ${former.join(", ")}`
  return wanted === null
    ? `there is no generation to go back to: ${former.length === 0 ? there : "those that were replaced are of other code, or being removed"}`
    : `generation ${wanted} is none that was replaced: ${there}`
}

const notUsable = (id: number, version: number): string =>
  version === 0
    ? `generation ${id} is being removed, and some of it is gone`
    : `generation ${id} was folded by another version of this software (fold version ${version}, this one folds by ${foldVersion})`
