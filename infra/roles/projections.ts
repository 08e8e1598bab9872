/** What roles do with the projections: open them, and keep them up to the log. */
import { Cause, Clock, Effect } from "effect"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { steadyMillis, steadyMillisOf } from "../../domain/ports/steady-time.ts"
import { partitionsBeyondLog } from "../../projections/beyond-log.ts"
import { otherFoldVersion } from "../../projections/generations.ts"
import { endsByName, FoldMeter, progressText } from "../../projections/fold-meter.ts"
import { removeReplaced } from "../../projections/former.ts"
import { rebuild, type RebuildFault } from "../../projections/rebuild.ts"
import { RebuildRunning } from "../../projections/rebuild-lock.ts"
import { foldVersion } from "../../projections/subspaces.ts"
import { prepare, project, type ProjectorOptions } from "../../projections/worker.ts"
import { Refused } from "./refused.ts"

/** Makes the projections where there are none, and refuses those of another log. */
export const openProjections = Effect.gen(function* () {
  yield* prepare
  const beyond = yield* partitionsBeyondLog
  if (beyond.length > 0) return yield* Effect.fail(notOfThisLog(beyond))
})

export interface FoldingOptions extends ProjectorOptions {
  /** For how long projections that were folded anew keep those that they replace, in milliseconds; 0: not at all. */
  readonly keepMillis?: number
}

/**
 * Folds for ever. Projections that other code folded are folded anew first, beside them: until that is swapped in they serve
 * as they are, and what is logged meanwhile is seen after it. Those of newer code are left to it: an old projector that begins
 * anew while an upgrade is rolled out would undo them.
 */
export const keepFolding = (options: FoldingOptions) =>
  foldAnewWhereOld(options).pipe(Effect.andThen(Effect.forkChild(removeLeftovers)), Effect.andThen(project(options)))

/** What rebuilds have replaced goes once it is kept no longer, while folding goes on. */
const removeLeftovers = Effect.catchCause(removeReplaced, (cause) =>
  Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.logWarning("replaced projections could not be removed yet", cause),
).pipe(Effect.andThen(Effect.sleep("1 minute")), Effect.forever)

type OnFault = NonNullable<ProjectorOptions["onFault"]>

const foldAnewWhereOld = ({ onFault = () => undefined, ...options }: FoldingOptions) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const version = yield* store.read(otherFoldVersion)
    if (version === null) return true
    if (version > foldVersion) return yield* Effect.as(leftToNewer(onFault), false)
    yield* Effect.logInfo("another version of this software folded the projections; they are folded anew beside them")
    yield* foldAnew(options)
    yield* Effect.logInfo("the projections folded anew have taken over")
    return true
  }).pipe(
    Effect.catchCause((cause) => Effect.as(waitOut(cause, onFault), false)),
    Effect.repeat({ while: (done) => !done }),
  )

/** How often folding anew says how far it is, in milliseconds. */
const toldMillis = 10_000

const foldAnew = ({ keepMillis = 0 }: FoldingOptions) =>
  Effect.gen(function* () {
    const meter = new FoldMeter(endsByName(yield* EventLog.use((log) => log.ends)), yield* steadyMillis)
    const clock = yield* Clock.Clock
    const told = Effect.gen(function* () {
      yield* Effect.logInfo("the projections are being folded anew", progressText(meter.read(yield* steadyMillis)))
    })
    yield* rebuild({
      keepMillis,
      removeLater: true,
      onBegun: (from) => meter.begin(from, steadyMillisOf(clock)),
      onFolded: (part) => meter.folded(part, steadyMillisOf(clock)),
    }).pipe(Effect.raceFirst(told.pipe(Effect.delay(toldMillis), Effect.forever)))
  })

const leftToNewer = (onFault: OnFault) =>
  Effect.suspend(() => {
    const text = "a newer version of this software folded the projections, so this one folds nothing"
    onFault(text)
    return Effect.logWarning(`${text}; to go back to it for good: matyan rebuild`).pipe(
      Effect.andThen(Effect.sleep("10 seconds")),
    )
  })

const waitOut = (cause: Cause.Cause<RebuildFault>, onFault: OnFault): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
  const fault = Cause.squash(cause)
  if (fault instanceof RebuildRunning) return Effect.sleep("1 second")
  onFault(fault instanceof Error ? fault.message : "folding anew failed unexpectedly")
  return Effect.andThen(Effect.logWarning("folding anew waits for a fault to pass", fault), Effect.sleep("1 second"))
}

const notOfThisLog = (beyond: readonly string[]): Refused =>
  new Refused({
    message:
      `The projections in the store were folded from a longer log than the one that is here (${beyond.join(", ")}), so what is ` +
      "logged now would not be seen. Put the newer log back; or remove the projections (the folder of the embedded store), " +
      "and they are folded anew from the log that is there.",
  })
