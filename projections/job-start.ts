/** What every job is told, and does first. */
import { Data, Effect } from "effect"
import { EventLog, type EventTooLarge, type LogUnavailable } from "../domain/ports/event-log.ts"
import { KeyValueStore, type StoreFault } from "../domain/ports/key-value-store.ts"
import { makeCaughtUp } from "./caught-up.ts"
import { otherFoldVersion } from "./generations.ts"

export interface JobOptions {
  /** Only look. */
  readonly dryRun?: boolean
  /** Most runs that are dealt with; all by default. */
  readonly limit?: number
  /** Unix seconds. */
  readonly now: () => number
  /** How long it waits for the projections to catch up with the log; 60 by default. */
  readonly waitSeconds?: number
}

/** Why a job could not be done. */
export type JobFault = LogUnavailable | EventTooLarge | StoreFault | ProjectionsBehind

/** The projections do not tell what the log says now, so nothing that is judged by them was done. */
export class ProjectionsBehind extends Data.TaggedError("ProjectionsBehind")<{ readonly message: string }> {}

/**
 * Waits until all is folded that the log holds now: by older projections a run that logs looks silent, and one that was
 * made meanwhile looks as if it never was. By projections that other code folded, rows may be missing that jobs go by.
 */
export const upToDate = (
  waitSeconds = 60,
): Effect.Effect<void, LogUnavailable | StoreFault | ProjectionsBehind, EventLog | KeyValueStore> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    if ((yield* KeyValueStore.use((store) => store.read(otherFoldVersion))) !== null) return yield* foldedByOther
    const caughtUp = yield* makeCaughtUp
    const ends = yield* log.ends
    const last = ends.filter(({ offset }) => offset > 0).map((end) => ({ ...end, offset: end.offset - 1 }))
    yield* caughtUp(last).pipe(Effect.timeoutOrElse({ duration: `${waitSeconds} seconds`, orElse: () => behind(waitSeconds) }))
  })

const behind = (waitSeconds: number) =>
  Effect.fail(
    new ProjectionsBehind({
      message: `the projections are behind the log, and did not catch up within ${waitSeconds} s; nothing was done. Is a projector running?`,
    }),
  )

const foldedByOther = Effect.fail(
  new ProjectionsBehind({
    message:
      "another version of this software folded the projections, so nothing was done. A projector folds them anew when it " +
      "starts (matyan serve has one); so does matyan rebuild.",
  }),
)
