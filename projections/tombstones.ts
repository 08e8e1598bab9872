/** Freeing the ids of runs that were deleted long ago. */
import { Effect } from "effect"
import { decodeValue } from "../domain/msgpack.ts"
import type { EventLog } from "../domain/ports/event-log.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import { numberOf } from "../domain/value.ts"
import { factAppender } from "./fact-appender.ts"
import { type JobFault, type JobOptions, upToDate } from "./job-start.ts"
import { standing } from "./orphans.ts"
import { eachPage, type Page, pageUnder } from "./row-pages.ts"
import type { Rows } from "./rows.ts"
import { orphaned } from "./trash.ts"
import { makeView } from "./view.ts"

export interface CleanupTombstonesOptions extends JobOptions {
  /** How long ago a run must have been deleted, in hours. */
  readonly olderThanHours: number
}

/**
 * Lifts the tombstones of runs that were deleted so long ago and of which nothing is left, neither data nor objects; answers
 * their ids. What is in the trash still is kept, however old.
 */
export const cleanupTombstones = (
  options: CleanupTombstonesOptions,
): Effect.Effect<readonly string[], JobFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const { dryRun = false, limit = Number.POSITIVE_INFINITY, now, waitSeconds } = options
    yield* upToDate(waitSeconds)
    const view = yield* makeView
    const append = yield* factAppender("cleanup-tombstones", now)
    const waiting = new Set<string>()
    yield* eachPage(
      view,
      orphaned,
      ({ deletion }) => deletion,
      (page) => Effect.sync(() => page.every(({ runId }) => waiting.add(runId))),
    )
    const before = now() - options.olderThanHours * 3600
    const lifted: string[] = []
    yield* eachPage(
      view,
      tombstones,
      ({ runId }) => runId,
      (page) =>
        Effect.gen(function* () {
          const old = page.filter(({ runId, at, isCleared }) => isCleared && at <= before && !waiting.has(runId))
          const taken = old.slice(0, limit - lifted.length).map(({ runId }) => runId)
          if (!dryRun) yield* append(taken.map((runId) => ({ type: "TombstoneLifted", data: { runId } })))
          lifted.push(...taken)
          return lifted.length < limit
        }),
    )
    return lifted
  })

const tombstones = async (rows: Rows, page: Page) =>
  Promise.all(
    (await pageUnder(rows, "indexes", ["_deleted"], page)).map(async ({ rest, bytes }) => {
      const runId = String(rest[0])
      const isInTrash = await rows.has("own", ["trash", runId])
      return {
        runId,
        at: numberOf(decodeValue(bytes)) ?? 0,
        isCleared: !isInTrash && (await standing(rows, runId)) === "cleared",
      }
    }),
  )
