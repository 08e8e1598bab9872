/** Deletion in two steps, and the ways back (decision 6). */
import { decodeValue } from "../domain/msgpack.ts"
import { float, numberOf, type Value } from "../domain/value.ts"
import { indexHparams } from "./attributes.ts"
import type { FoldContext, RunState } from "./context.ts"
import { linkExperiment, unlinkExperiment } from "./experiments.ts"
import { indexPaths, removeOwn } from "./own-index.ts"
import type { Projector } from "./projector.ts"
import { type Page, pageUnder } from "./row-pages.ts"
import type { Rows } from "./rows.ts"
import { addEntry, indexText, removeEntries } from "./run-index.ts"
import { linkTag, tagsOf, unlinkTag } from "./tags.ts"

/** The events that a deleted run still folds; all others of its fold to nothing. */
export const foldedWhenDeleted: ReadonlySet<string> = new Set(["RunRestored", "RunPurged", "TombstoneLifted"])

export const trash = {
  RunDeleted: async ({ data, meta }, context) => {
    const { rows } = context
    const run = await context.existingRun(data.runId, meta.at)
    await context.settle(run)
    await unlinkExperiment(rows, run.id)
    for (const tag of await tagsOf(rows, run.id)) await unlinkTag(rows, run.id, tag)
    await removeEntries(rows, run.id)
    context.setField(run, "pending_deletion", true)
    rows.set("indexes", ["_deleted", run.id], float(meta.at))
    rows.set("own", ["trash", run.id], [meta.id, float(meta.at)])
    await removeOwn(rows, run.id)
    context.hide(run)
  },

  RunRestored: async ({ data }, context) => {
    const run = await context.run(data.runId)
    if (!run.tombstoned || run.meta.size === 0) return
    context.rows.clear("indexes", ["_deleted", run.id])
    context.rows.clear("own", ["trash", run.id])
    context.clearField(run, "pending_deletion")
    run.tombstoned = false
    await reindex(context, run)
  },

  RunPurged: async ({ data }, context) => {
    const stored = await context.rows.get("own", ["trash", data.runId])
    if (stored !== undefined && deletionOf(stored).deletion === data.deletion) await clearData(context, data.runId)
  },

  TombstoneLifted: async ({ data }, context) => {
    if (!(await context.run(data.runId)).tombstoned) return
    await clearData(context, data.runId)
    context.rows.clear("indexes", ["_deleted", data.runId])
  },

  BlobsOrphaned: () => undefined,

  BlobsPurged: ({ data }, context) => {
    if (data.deletion === noDeletion) return
    // Either may be folded first, for they stand in different topics; this row outlives them both.
    context.rows.set("own", ["blobs_purged", data.deletion], true)
    context.rows.clear("own", ["orphans", data.deletion])
  },
} satisfies Projector

/** A deleted run whose data still stands; `deletion` is the id of its RunDeleted event, `at` its time in Unix seconds. */
export interface Trashed {
  readonly runId: string
  readonly deletion: string
  readonly at: number
}

/** In the place of a deletion's id: the objects of no deletion, such as those that came after it. */
export const noDeletion = ""

/** The runs in the trash, by their ids. */
export const trashed = async (rows: Rows, page: Page): Promise<readonly Trashed[]> =>
  (await pageUnder(rows, "own", ["trash"], page)).map(({ rest, bytes }) => ({
    runId: String(rest[0]),
    ...deletionOf(decodeValue(bytes)),
  }))

/** The cleared runs whose objects may still stand in the blob store, by the ids of their deletions. */
export const orphaned = async (rows: Rows, page: Page): Promise<readonly Trashed[]> =>
  (await pageUnder(rows, "own", ["orphans"], page)).map(({ rest, bytes }) => {
    const [runId, at] = decodeValue(bytes) as readonly [string, Value]
    return { runId, deletion: String(rest[0]), at: numberOf(at) ?? 0 }
  })

const deletionOf = (stored: Value): { readonly deletion: string; readonly at: number } => {
  const [deletion, at] = stored as readonly [string, Value]
  return { deletion, at: numberOf(at) ?? 0 }
}

const clearData = async (context: FoldContext, run: string): Promise<void> => {
  const { rows } = context
  const stored = await rows.get("own", ["trash", run])
  if (stored !== undefined) {
    const { deletion, at } = deletionOf(stored)
    if (!(await rows.has("own", ["blobs_purged", deletion]))) rows.set("own", ["orphans", deletion], [run, float(at)])
  }
  rows.clear("own", ["trash", run])
  rows.clear("own", ["recent_records", run])
  rows.clear("marks", ["heard", run])
  rows.clearUnder("own", ["trace", run])
  rows.clearUnder("runs", [run])
  context.forget(run)
}

const reindex = async (context: FoldContext, run: RunState): Promise<void> => {
  const { rows } = context
  addEntry(rows, run.id, ["archived", run.meta.get("is_archived") === true])
  addEntry(rows, run.id, ["active", run.meta.get("active") === true])
  addEntry(rows, run.id, ["created_at", float(numberOf(run.meta.get("created_at")) ?? 0)])
  for (const { rest } of await rows.under("runs", [run.id, "traces"]))
    addEntry(rows, run.id, ["trace", indexText(String(rest[1]))])
  await indexHparams(rows, run.id)
  await indexPaths(rows, run.id)
  await linkExperiment(context, run)
  for (const tag of await tagsOf(rows, run.id)) await linkTag(context, run.id, tag)
}
