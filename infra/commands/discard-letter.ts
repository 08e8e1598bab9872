/** Has a dead letter discarded: by the query gateway where one runs, else by appending to the log from here. */
import { Data, Effect } from "effect"
import { positionName } from "../../domain/positions.ts"
import { catalog, type Position } from "../../events/index.ts"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import { factAppender } from "../../projections/fact-appender.ts"
import { catchUp } from "../../projections/worker.ts"
import type { Settings } from "../config.ts"
import { writableLog } from "../engines.ts"
import { urlOf } from "../roles/address.ts"

class NotDiscarded extends Data.TaggedError("NotDiscarded")<{ readonly message: string }> {}

export const discardLetter = (chosen: Settings, position: Position, reason: string, url: string | undefined) =>
  Effect.gen(function* () {
    // Of the embedded log there is one writer, and while a gateway runs that is it.
    if (chosen.log === "lmdb" || url !== undefined) {
      const answer = yield* asked(url ?? urlOf(chosen.host, chosen.backendPort), position, reason)
      if (answer === "done") return
      if (url !== undefined) return yield* Effect.fail(new NotDiscarded({ message: `no query gateway answers at ${url}` }))
    }
    yield* appended(chosen, position, reason)
  })

/** Asks a query gateway; "nobody" where none listens. */
const asked = (url: string, position: Position, reason: string): Effect.Effect<"done" | "nobody", NotDiscarded> =>
  Effect.gen(function* () {
    const response = yield* Effect.promise(() =>
      fetch(`${url}/api/v1/rest/dead-letters/${positionName(position)}/discard`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ reason }),
        signal: AbortSignal.timeout(30_000),
      }).catch(() => undefined),
    )
    if (response === undefined) return "nobody"
    if (response.status === 200 || response.status === 202) return "done"
    const said = yield* Effect.promise(() => response.text())
    return yield* Effect.fail(new NotDiscarded({ message: `the gateway at ${url} answered ${response.status}: ${said}` }))
  })

const appended = (chosen: Settings, { topic, partition, offset }: Position, reason: string) =>
  Effect.gen(function* () {
    const append = yield* factAppender("operator", () => Date.now() / 1000)
    const positions = yield* append([catalog.DeadLetterDiscarded({ topic, partition, offset, reason })])
    // Nobody else has the embedded log, so nobody else folds it.
    if (chosen.log === "lmdb") return yield* catchUp()
    const caughtUp = yield* makeCaughtUp
    yield* caughtUp(positions).pipe(
      Effect.timeoutOrElse({
        duration: "10 seconds",
        orElse: () => Effect.sync(() => process.stderr.write("the discard is in the log; no projector has folded it yet\n")),
      }),
    )
  }).pipe(
    Effect.provide(writableLog(chosen)),
    Effect.catchTag("LogUnavailable", (fault) =>
      Effect.fail(
        new NotDiscarded({ message: `${fault.message}; where a query gateway runs elsewhere, --url <address> says where` }),
      ),
    ),
  )
