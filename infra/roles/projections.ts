/** What every role does first that stands on the projections. */
import { Effect } from "effect"
import { partitionsBeyondLog } from "../../projections/beyond-log.ts"
import { prepare } from "../../projections/worker.ts"
import { Refused } from "./refused.ts"

/** Makes the projections where there are none, and refuses those of another log. */
export const openProjections = Effect.gen(function* () {
  yield* prepare
  const beyond = yield* partitionsBeyondLog
  if (beyond.length > 0) return yield* Effect.fail(notOfThisLog(beyond))
})

const notOfThisLog = (beyond: readonly string[]): Refused =>
  new Refused({
    message:
      `The projections in the store were folded from a longer log than the one that is here (${beyond.join(", ")}), so what is ` +
      "logged now would not be seen. Put the newer log back; or remove the projections (the folder of the embedded store), " +
      "and they are folded anew from the log that is there.",
  })
