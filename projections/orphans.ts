/** The objects that belong to no run any more, and how they go. */
import { Effect } from "effect"
import { reached } from "../domain/milestones.ts"
import { type ListedBlob, BlobStore, type BlobStoreUnavailable } from "../domain/ports/blob-store.ts"
import type { KeyValueStore, StoreFault } from "../domain/ports/key-value-store.ts"
import type { Rows } from "./rows.ts"
import { isTombstoned } from "./run-presence.ts"
import { artifactsOf } from "./run-view.ts"
import type { Trashed } from "./trash.ts"
import { makeView } from "./view.ts"

export interface Count {
  readonly objects: number
  readonly bytes: number
}

/**
 * Removes the objects of a deletion, or only counts them; answers how many, or null where it does not (or no longer) wait
 * for that.
 */
export type RemoveOrphans = (
  orphan: Trashed,
  how?: { readonly dryRun: boolean },
) => Effect.Effect<Count | null, BlobStoreUnavailable | StoreFault>

const pageSize = 500

/**
 * How far the clocks of the blob store and of the gateways may differ, in seconds. It matters where an id was freed and is in
 * use again: what was uploaded shortly before the deletion by the one clock may be the new run's by the other, so it is kept.
 */
const clockDifference = 900

/**
 * Page by page: before each one is removed it is looked up that the deletion still waits for it and what else refers to
 * the objects, so that a run of the same id keeps its own.
 */
export const makeRemoveOrphans: Effect.Effect<RemoveOrphans, never, BlobStore | KeyValueStore> = Effect.gen(function* () {
  const blobs = yield* BlobStore
  const view = yield* makeView
  return (orphan, { dryRun } = { dryRun: false }) =>
    Effect.gen(function* () {
      let removed: Count = { objects: 0, bytes: 0 }
      for (let after: string | undefined; ;) {
        const page = yield* blobs.list(`${orphan.runId}/`, pageSize, after)
        const mayGo = yield* view.read((rows) => removable(rows, orphan))
        if (mayGo === null) return null
        const going = page.filter(mayGo)
        reached("trash: before removal")
        if (!dryRun) yield* blobs.remove(going.map(({ key }) => key))
        reached("trash: some removed")
        removed = plus(removed, countOf(going))
        after = page.at(-1)?.key
        if (page.length < pageSize) {
          if (!dryRun) yield* giveUpUploads(blobs, orphan.runId, mayGo)
          return removed
        }
      }
    })
})

/**
 * Gives up the uploads of a run that have not ended. Nobody sees their parts, so where that cannot be done now the rest is: they
 * are left to the job that looks for old ones.
 */
const giveUpUploads = (blobs: BlobStore["Service"], runId: string, mayGo: (object: ListedBlob) => boolean): Effect.Effect<void> =>
  blobs.parts.unfinished(`${runId}/`).pipe(
    Effect.map((uploads) => uploads.filter(({ key, begun }) => mayGo({ key, size: 0, modified: begun }))),
    Effect.flatMap(Effect.forEach((upload) => blobs.parts.abort(upload), { discard: true })),
    Effect.catch(({ message }) => Effect.logWarning("unfinished uploads of a run were left", { runId, reason: message })),
  )

/** Which objects of a deletion may go; null: the deletion does not wait for any to. */
const removable = async (rows: Rows, { runId, deletion, at }: Trashed): Promise<((object: ListedBlob) => boolean) | null> => {
  if (!(await rows.has("own", ["orphans", deletion]))) return null
  if ((await standing(rows, runId)) !== "here") return ({ modified }) => modified < at
  const kept = new Set((await artifactsOf(rows, runId)).map(({ key }) => key))
  return ({ key, modified }) => modified < at - clockDifference && !kept.has(key)
}

/** What is known of an id: its data stands (in the trash too); it was deleted and cleared; it never was, or was freed. */
export type Standing = "here" | "cleared" | "unknown"

export const standing = async (rows: Rows, runId: string): Promise<Standing> => {
  if (await rows.has("runs", [runId, "meta", "created_at", "__leaf__"])) return "here"
  return (await isTombstoned(rows, runId)) ? "cleared" : "unknown"
}

export const countOf = (objects: readonly ListedBlob[]): Count => ({
  objects: objects.length,
  bytes: objects.reduce((sum, { size }) => sum + size, 0),
})

export const plus = (a: Count, b: Count): Count => ({ objects: a.objects + b.objects, bytes: a.bytes + b.bytes })
