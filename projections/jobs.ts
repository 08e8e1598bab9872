/**
 * Work of a fold that touches more runs than one transaction should: after an experiment or a tag is renamed or deleted,
 * the entries and links of its runs follow. A slice reads what the entity is now, so slices are idempotent in any order.
 */
import { reached } from "../domain/milestones.ts"
import { encodeValue } from "../domain/msgpack.ts"
import type { FoldContext } from "./context.ts"
import { isDeleted, type Kind, runsOf } from "./entities.ts"
import { indexExperiment, unlinkExperiment } from "./experiments.ts"
import type { Rows, WritableRows } from "./rows.ts"
import { indexTags, unlinkTag } from "./tags.ts"

/** Most runs that one transaction touches for the sake of another aggregate; at least {@link leastSliceSize}. */
export const defaultSliceSize = 1_000

/** A slice begins with the last run of the one before, so this is the least that gets any further. */
export const leastSliceSize = 2

/** As asked; but each run takes several reads one after the other, and where views do not last all must be done in 5 seconds. */
export const mostSliceSize = (asked: number, viewsLast: boolean): number => (viewsLast ? asked : Math.min(asked, 100))

/** Does the work at once where it fits one slice, else leaves a job for {@link runSlice}. */
export const queueJob = async ({ rows, sliceSize: size }: FoldContext, kind: Kind, id: string): Promise<void> => {
  // One row more than a slice tells whether there is more.
  const first = await rows.under("system", [runsOf(kind), id], { limit: size + 1 })
  if (first.length > size) rows.setBytes("own", ["job", kind, id], encodeValue(""))
  else {
    await follow(
      rows,
      kind,
      id,
      first.map(({ rest }) => String(rest[0])),
    )
    rows.clear("own", ["job", kind, id])
  }
}

/** Whether a job is left. */
export const hasJobs = async (rows: Rows): Promise<boolean> => (await rows.under("own", ["job"], { limit: 1 })).length > 0

/** Does one slice of one job; false when there is none. */
export const runSlice = async (rows: WritableRows, size = defaultSliceSize): Promise<boolean> => {
  const [job] = await rows.under("own", ["job"], { limit: 1 })
  if (!job) return false
  const [kind, id] = job.rest as readonly [Kind, string]
  reached("job: before slice")
  const done = await rows.get("own", ["job", kind, id])
  const slice = await rows.between("system", [runsOf(kind), id], typeof done === "string" && done !== "" ? [done] : [], null, {
    limit: size,
  })
  const runs = slice.filter(({ rest }) => rest[0] !== undefined).map(({ rest }) => String(rest[0]))
  await follow(rows, kind, id, runs)
  const last = runs.at(-1)
  if (slice.length < size || last === undefined) rows.clear("own", ["job", kind, id])
  // The last run is done again by the next slice, which begins at it; that costs nothing and needs no successor.
  else rows.set("own", ["job", kind, id], last)
  reached("job: after slice")
  return true
}

const follow = async (rows: WritableRows, kind: Kind, id: string, runs: readonly string[]): Promise<void> => {
  const gone = await isDeleted(rows, kind, id)
  for (const run of runs) {
    if (kind === "tag") await (gone ? unlinkTag(rows, run, id) : indexTags(rows, run))
    else await (gone ? unlinkExperiment(rows, run) : indexExperiment(rows, run, id))
  }
}
