/** Finds what is due in the trash, and says so to the log once. */
import { Effect } from "effect"
import { reached } from "../domain/milestones.ts"
import type { AnyFact } from "../events/index.ts"
import type { AppendFacts } from "./fact-appender.ts"
import { eachPage } from "./row-pages.ts"
import { orphaned, type Trashed, trashed } from "./trash.ts"
import type { View } from "./view.ts"

export interface TrashScanOptions {
  /** How long a deleted run can be restored, in hours. */
  readonly trashHours: number
  /** Unix seconds. */
  readonly now: () => number
  /** Most events that one scan appends; 10,000 by default. */
  readonly mostPerScan?: number
}

/**
 * A scan reads all rows, page by page, and answers whether it appended anything. What it appended it remembers for as long as the row stands, so that a log that is
 * not folded for days is not filled with the same events again and again; another process, or this one after a restart,
 * says it once more, and it folds to nothing.
 */
export const makeTrashScan = (view: View, append: AppendFacts, { trashHours, now, mostPerScan = 10_000 }: TrashScanOptions) => {
  const asked = new Set<string>()
  const scan = Effect.gen(function* () {
    const due = now() - trashHours * 3600
    const standing = new Set<string>()
    let left = mostPerScan
    const appended = (page: readonly Trashed[], factOf: (one: Trashed) => AnyFact) =>
      Effect.gen(function* () {
        const fresh = page.map((one) => ({ name: nameOf(one, factOf(one).type), fact: factOf(one) }))
        for (const { name } of fresh) standing.add(name)
        const taken = fresh.filter(({ name }) => !asked.has(name)).slice(0, left)
        yield* append(taken.map(({ fact }) => fact))
        for (const { fact } of taken) reached(fact.type === "RunPurged" ? "trash: purge stated" : "trash: orphans stated")
        for (const { name } of taken) asked.add(name)
        left -= taken.length
        return left > 0
      })
    yield* eachPage(
      view,
      trashed,
      ({ runId }) => runId,
      (page) =>
        appended(
          page.filter(({ at }) => at <= due),
          purged,
        ),
    )
    if (left > 0)
      yield* eachPage(
        view,
        orphaned,
        ({ deletion }) => deletion,
        (page) => appended(page, orphanedBlobs),
      )
    if (left > 0) for (const name of asked) if (!standing.has(name)) asked.delete(name)
    return left < mostPerScan
  })
  /** The objects of this deletion are asked for again, if it still waits for that. */
  const forget = (orphan: Trashed): void => void asked.delete(nameOf(orphan, "BlobsOrphaned"))
  return { scan, forget }
}

const nameOf = ({ deletion }: Trashed, type: string): string => `${type} ${deletion}`

const purged = ({ runId, deletion }: Trashed): AnyFact => ({ type: "RunPurged", data: { runId, deletion } })

const orphanedBlobs = ({ runId, deletion, at }: Trashed): AnyFact => ({
  type: "BlobsOrphaned",
  data: { runId, deletion, before: at },
})
