import { Effect, Semaphore } from "effect"
import { EventLog, type EventTooLarge, type LogUnavailable } from "../domain/ports/event-log.ts"
import { NewId } from "../domain/ports/ids.ts"
import { stamper } from "../domain/stamp.ts"
import type { AnyFact, Position } from "../events/index.ts"

export type AppendFacts = (facts: readonly AnyFact[]) => Effect.Effect<readonly Position[], LogUnavailable | EventTooLarge>

/** Appends what a worker or a job states, as a writer of its own; `now` is in Unix seconds. */
export const factAppender = (actor: string, now: () => number): Effect.Effect<AppendFacts, never, EventLog> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const newId = yield* NewId
    const stamp = stamper({ writer: newId(), actor, newId })
    // One at a time: the fold drops what comes with a lower number than it has seen of this writer.
    const turn = Semaphore.makeUnsafe(1)
    return (facts) =>
      facts.length === 0
        ? Effect.succeed([])
        : turn.withPermit(Effect.suspend(() => log.append(stamp(facts, { at: now(), cause: null }))))
  })
