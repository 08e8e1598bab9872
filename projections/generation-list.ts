/** What generations there are. */
import type { Starts } from "../domain/ports/event-log.ts"
import type { Reader } from "../domain/ports/key-value-store.ts"
import { asOfGenerations } from "./as-of-generations.ts"
import { besideNow } from "./beside.ts"
import { checkpoints } from "./fold.ts"
import { formerGenerations, keptOf } from "./former.ts"
import { servingSince } from "./generations.ts"
import { Rows } from "./rows.ts"
import { asOfPath, besidePath, foldedBelow, formerPath, foldVersion, pointedTo, prefixesAt } from "./subspaces.ts"

/** Times are in Unix milliseconds, null where they are not known. */
export interface GenerationInfo {
  readonly id: number
  /** `returning`: it stands beside because it is to serve again. */
  readonly state: "serving" | "beside" | "returning" | "former" | "as-of"
  /** 0: it is being removed. */
  readonly foldVersion: number
  /** The next offset to fold, by `topic/partition`; null for one of other code, which only that code reads. */
  readonly folded: Starts | null
  /** When it began to serve or was begun to be folded; of a former one when it was replaced. */
  readonly since: number | null
  /** Of a former one: until when it is kept; null for ever, 0 for one that goes now. */
  readonly keptUntil?: number | null
  /** Of one that ends at some positions: in whose words it was asked for, where it ends, and whether it is there yet. */
  readonly asOf?: { readonly asked: string; readonly ends: Starts; readonly isComplete: boolean }
}

/** All that stand in the store: the serving one first, as-of ones last. */
export const generations = async (tx: Reader): Promise<readonly GenerationInfo[]> => [
  ...(await serving(tx)),
  ...(await beside(tx)),
  ...(await Promise.all((await formerGenerations(tx)).map((id) => former(tx, id)))),
  ...(await Promise.all(
    (await asOfGenerations(tx)).map(async ({ id, begun, ...asOf }) => ({
      id,
      state: "as-of" as const,
      since: begun,
      asOf,
      ...(await foldedTo(tx, id, asOfPath(id))),
    })),
  )),
]

const serving = async (tx: Reader): Promise<readonly GenerationInfo[]> => {
  const id = await pointedTo(tx)
  if (id === undefined) return []
  return [{ id, state: "serving", since: (await servingSince(tx)) ?? null, ...(await foldedTo(tx, id, [])) }]
}

const beside = async (tx: Reader): Promise<readonly GenerationInfo[]> => {
  const found = await besideNow(tx)
  if (found === undefined) return []
  const { id, begun, former } = found
  const state = former === null ? "beside" : "returning"
  return [{ id, state, since: begun, ...(await foldedTo(tx, id, besidePath)) }]
}

const former = async (tx: Reader, id: number): Promise<GenerationInfo> => {
  const kept = (await keptOf(tx, id)) ?? { replacedAt: null, until: 0 }
  return { id, state: "former", since: kept.replacedAt, keptUntil: kept.until, ...(await foldedTo(tx, id, formerPath(id))) }
}

const foldedTo = async (
  tx: Reader,
  id: number,
  path: readonly string[],
): Promise<Pick<GenerationInfo, "foldVersion" | "folded">> => {
  const version = await foldedBelow(tx, path)
  if (version !== foldVersion) return { foldVersion: version, folded: null }
  const rows = new Rows(tx, { id, prefixes: await prefixesAt(tx, path), holder: null })
  return { foldVersion: version, folded: await checkpoints(rows) }
}
