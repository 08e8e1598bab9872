/** Runs that are active and silent: their process died without a word. */
import { Effect } from "effect"
import type { EventLog } from "../domain/ports/event-log.ts"
import type { KeyValueStore } from "../domain/ports/key-value-store.ts"
import { numberOf } from "../domain/value.ts"
import type { Element } from "./keys.ts"
import { type AppendFacts, factAppender } from "./fact-appender.ts"
import { type JobFault, type JobOptions, upToDate } from "./job-start.ts"
import { eachPage, type Page, pageUnder } from "./row-pages.ts"
import type { Rows } from "./rows.ts"
import { decodeTimes } from "./sequence-block.ts"
import { makeView, type View } from "./view.ts"

export interface FinishStaleOptions extends JobOptions {
  /** How long an active run must have been silent, in hours. */
  readonly timeoutHours: number
}

/** Finishes the runs that are active and have logged nothing for so long; answers their ids. */
export const finishStale = (options: FinishStaleOptions): Effect.Effect<readonly string[], JobFault, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const { dryRun = false, limit = Number.POSITIVE_INFINITY, now, waitSeconds } = options
    yield* upToDate(waitSeconds)
    const view = yield* makeView
    const append = yield* factAppender("finish-stale", now)
    const before = now() - options.timeoutHours * 3600
    const stale: string[] = []
    yield* eachPage(
      view,
      active,
      (run) => run,
      (page) =>
        Effect.gen(function* () {
          const silent = (yield* silentOf(view, page, before)).slice(0, limit - stale.length)
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

/** A transaction for each run: it reads a row of every sequence, of which there may be thousands. */
const silentOf = (view: View, runs: readonly string[], before: number) =>
  Effect.filter(runs, (run) => view.read((rows) => isSilent(rows, run, before)), { concurrency: 8 })

/** Whether nothing was logged to a run since `before` (Unix seconds), by the times that its events bear. */
const isSilent = async (rows: Rows, run: string, before: number): Promise<boolean> => {
  for (const field of ["created_at", "updated_at", "client_start_ts"]) {
    const at = await rows.get("runs", [run, "meta", field, "__leaf__"])
    if ((numberOf(at ?? null) ?? 0) > before) return false
  }
  for (const { rest } of await rows.under("own", ["trace", run]))
    if ((await lastTime(rows, [run, "seqs", ...rest, "time"])) > before) return false
  return true
}

/** The latest time in the last row of a column of times, in Unix seconds. */
const lastTime = async (rows: Rows, column: readonly Element[]): Promise<number> => {
  const [last] = await rows.under("runs", column, { limit: 1, reverse: true })
  if (last === undefined) return 0
  return decodeTimes(last.bytes).reduce((latest, micros) => Math.max(latest, micros), 0) / 1e6
}
