/** Generations that end at some positions of the log, beside what serves: noted outside of the projections, by id. */
import { decodeValue, encodeValue } from "../domain/msgpack.ts"
import type { Starts } from "../domain/ports/event-log.ts"
import type { Reader, Transaction } from "../domain/ports/key-value-store.ts"
import { isMap, numberOf, type Value } from "../domain/value.ts"
import { newId } from "./beside.ts"
import { checkpoints } from "./fold.ts"
import { spoil } from "./former.ts"
import { hasJobs } from "./jobs.ts"
import { pack, under, unpack } from "./keys.ts"
import { Rows } from "./rows.ts"
import {
  asOfPath,
  controlPath,
  createGeneration,
  createSpaces,
  foldedBelow,
  foldVersion,
  type Generation,
  prefixesAt,
} from "./subspaces.ts"

export interface AsOf {
  readonly id: number
  /** In whose words it was asked for. */
  readonly asked: string
  /** The offset after the last event, by `topic/partition`. */
  readonly ends: Starts
  /** When it was begun, in Unix milliseconds. */
  readonly begun: number
  readonly isComplete: boolean
}

/** It was removed while it was folded or read. */
export class AsOfGone extends Error {
  override readonly name = "AsOfGone"
}

/** All of them, by id, complete or not. */
export const asOfGenerations = async (tx: Reader): Promise<readonly AsOf[]> => {
  const control = await tx.directory(controlPath)
  if (control === undefined) return []
  const prefix = pack(["as_of"], control)
  return (await tx.range(...under(prefix))).map(([key, value]) => asOfIn(Number(unpack(key, prefix.length)[0]), value))
}

/** The one of an id, or the one that was asked for in these very words, with the version of its folds; and all there are. */
export interface NamedAsOf {
  readonly found: (AsOf & { readonly foldVersion: number }) | undefined
  readonly all: readonly AsOf[]
}

export const asOfNamed = async (tx: Reader, name: string): Promise<NamedAsOf> => {
  const all = await asOfGenerations(tx)
  const one = all.find(({ id }) => String(id) === name) ?? all.find(({ asked }) => asked === name)
  return { found: one && { ...one, foldVersion: await foldedBelow(tx, asOfPath(one.id)) }, all }
}

/**
 * The generation that was asked for in these words, made where there is none, or where the one that is there is of other code,
 * which then is removed. Where it is there it ends as it did. `now` is in Unix milliseconds.
 */
export const openAsOf = async (tx: Transaction, asked: string, ends: Starts, now: number): Promise<AsOf> => {
  await createGeneration(tx)
  const there = (await asOfGenerations(tx)).find((one) => one.asked === asked)
  if (there !== undefined) {
    if ((await foldedBelow(tx, asOfPath(there.id))) === foldVersion) return there
    await giveUpAsOf(tx, there.id)
  }
  const made: AsOf = { id: await newId(tx), asked, ends, begun: now, isComplete: false }
  await createSpaces(tx, asOfPath(made.id))
  await note(tx, made)
  return made
}

/** What folds into it see, and readers once it is complete. Fails with {@link AsOfGone} once it was removed. */
export const asOfTarget = (id: number): ((tx: Reader) => Promise<Generation>) => {
  let control: Uint8Array | undefined
  let known: Generation | undefined
  return async (tx) => {
    control ??= await tx.directory(controlPath)
    if (control === undefined || (await tx.get(noteKey(control, id))) === undefined)
      throw new AsOfGone(`generation ${id} was removed`)
    return (known ??= { id, prefixes: await prefixesAt(tx, asOfPath(id)), holder: null })
  }
}

/** Notes that it is complete, if it is; answers whether. */
export const completeAsOf = async (tx: Transaction, { id, ends }: AsOf): Promise<boolean> => {
  const rows = new Rows(tx, await asOfTarget(id)(tx))
  const folded = await checkpoints(rows)
  if ([...ends].some(([name, end]) => (folded.get(name) ?? 0) !== end) || (await hasJobs(rows))) return false
  const there = (await asOfGenerations(tx)).find((one) => one.id === id)
  if (there !== undefined) await note(tx, { ...there, isComplete: true })
  return true
}

/** From now on there is none of this id; what is left of it goes by and by. False where there was none. */
export const giveUpAsOf = async (tx: Transaction, id: number): Promise<boolean> => {
  const key = noteKey(await tx.createDirectory(controlPath), id)
  if ((await tx.get(key)) === undefined) return false
  tx.clear(key)
  await spoil(tx, asOfPath(id))
  return true
}

const note = async (tx: Transaction, { id, asked, ends, begun, isComplete }: AsOf): Promise<void> =>
  tx.set(
    noteKey(await tx.createDirectory(controlPath), id),
    encodeValue([asked, new Map<string, Value>(ends), begun, isComplete]),
  )

const asOfIn = (id: number, stored: Uint8Array): AsOf => {
  const [asked, ends, begun, isComplete] = decodeValue(stored) as readonly Value[]
  return {
    id,
    asked: String(asked),
    ends: new Map([...(isMap(ends) ? ends : [])].map(([name, end]) => [name, Number(end)])),
    begun: numberOf(begun) ?? 0,
    isComplete: isComplete === true,
  }
}

const noteKey = (control: Uint8Array, id: number): Uint8Array => pack(["as_of", id], control)
