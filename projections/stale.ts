/** Runs that are active and silent: their process died without a word. */
import { Effect } from "effect"
import type { EventLog } from "../domain/ports/event-log.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import { numberOf } from "../domain/value.ts"
import { hearingSeconds } from "./context.ts"
import { type AppendFacts, factAppender } from "./fact-appender.ts"
import { type JobFault, type JobOptions, upToDate } from "./job-start.ts"
import { eachPage, type Page, pageUnder } from "./row-pages.ts"
import type { Rows } from "./rows.ts"
import { makeView, type View } from "./view.ts"

export interface FinishStaleOptions extends JobOptions {
  /** How long an active run must have been silent, in hours; 0 takes every active run. */
  readonly timeoutHours: number
}

/** Finishes the runs that are active and have logged nothing for so long; answers their ids. */
export const finishStale = (options: FinishStaleOptions): Effect.Effect<readonly string[], JobFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const { dryRun = false, limit = Number.POSITIVE_INFINITY, now, waitSeconds } = options
    yield* upToDate(waitSeconds)
    const view = yield* makeView
    const append = yield* factAppender("finish-stale", now)
    const { timeoutHours } = options
    // A mark may be older than the last word; whoever gives no time at all means every run.
    const markedBefore = now() - (timeoutHours === 0 ? 0 : timeoutHours * 3600 + hearingSeconds)
    const stale: string[] = []
    yield* eachPage(
      view,
      active,
      (run) => run,
      (page) =>
        Effect.gen(function* () {
          const silent = (yield* silentOf(view, page, markedBefore)).slice(0, limit - stale.length)
          if (!dryRun) yield* finish(append, silent)
          stale.push(...silent)
          return stale.length < limit
        }),
    )
    return stale
  })

const finish = (append: AppendFacts, runs: readonly string[]) =>
  append(runs.map((runId) => ({ type: "RunFinished", data: { runId, finishedAt: null } })))

const active = async (rows: Rows, page: Page): Promise<readonly string[]> =>
  (await pageUnder(rows, "indexes", ["active", true], page)).map(({ rest }) => String(rest[0]))

/** Those that are marked as heard last by then (Unix seconds). */
const silentOf = (view: View, runs: readonly string[], by: number) =>
  view.read(async (rows) => {
    const silent: string[] = []
    for (const run of runs) if ((numberOf((await rows.get("marks", ["heard", run])) ?? null) ?? 0) <= by) silent.push(run)
    return silent
  })
