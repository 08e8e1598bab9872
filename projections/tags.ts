/** Which tags a run bears, and the tags themselves. */
import type { FoldContext } from "./context.ts"
import { claim, control, count, created, isDeleted, nameOf, remove, renamed } from "./entities.ts"
import type { Tuple } from "./keys.ts"
import type { Projector } from "./projector.ts"
import type { Rows, WritableRows } from "./rows.ts"
import { indexText, replaceEntries } from "./run-index.ts"

export const tags = {
  RunTagged: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    context.rows.set("runs", [run.id, "tags", data.tagId], true)
    run.isStale = true
    await claim(context.rows, "tag", data.tagId, data.name, meta.at)
    await linkTag(context, run.id, data.tagId)
  },

  RunUntagged: async ({ data, meta }, context) => {
    const run = await context.existingRun(data.runId, meta.at)
    context.rows.clear("runs", [run.id, "tags", data.tagId])
    run.isStale = true
    await unlinkTag(context.rows, run.id, data.tagId)
  },

  TagCreated: ({ data, meta }, context) =>
    created(context, "tag", data.id, meta, { name: data.name, color: data.color, description: data.description }),
  TagRenamed: ({ data, meta }, context) => renamed(context, "tag", data.id, meta, data.name),
  TagRecolored: ({ data, meta }, context) => control(context, "tag", data.id, meta, { color: data.color }),
  TagDescribed: ({ data, meta }, context) => control(context, "tag", data.id, meta, { description: data.description }),
  TagArchived: ({ data, meta }, context) => control(context, "tag", data.id, meta, { is_archived: data.archived }),
  TagDeleted: ({ data, meta }, context) => remove(context, "tag", data.id, meta),
} satisfies Projector

/** The tags that a run itself says it bears, deleted ones among them. */
export const tagsOf = async (rows: Rows, run: string): Promise<readonly string[]> =>
  (await rows.under("runs", [run, "tags"])).map(({ rest }) => String(rest[0]))

/** Links a run to a tag, unless the tag was deleted or the link is there. */
export const linkTag = async (context: FoldContext, run: string, id: string): Promise<void> => {
  const { rows } = context
  if ((await rows.has("system", ["run_tags", run, id])) || (await isDeleted(rows, "tag", id))) return
  rows.set("system", ["run_tags", run, id], true)
  rows.set("system", ["tag_runs", id, run], true)
  await count(rows, "tag", id, 1)
  await indexTags(rows, run)
}

/** Removes a run's link to a tag, with its entry and its place in the count. */
export const unlinkTag = async (rows: WritableRows, run: string, id: string): Promise<void> => {
  if (!(await rows.has("system", ["run_tags", run, id]))) return
  rows.clear("system", ["run_tags", run, id])
  rows.clear("system", ["tag_runs", id, run])
  await count(rows, "tag", id, -1)
  await indexTags(rows, run)
}

/** Makes a run's tag entries those of the names its linked tags bear now. */
export const indexTags = async (rows: WritableRows, run: string): Promise<void> => {
  const entries: Tuple[] = []
  for (const { rest } of await rows.under("system", ["run_tags", run])) {
    const name = await nameOf(rows, "tag", String(rest[0]))
    if (name !== undefined) entries.push(["tag", indexText(name)])
  }
  await replaceEntries(rows, run, ["tag"], entries)
}
