/** Looks that take more than asking whether something is there. */
import { Effect } from "effect"
import type { EventLog } from "../../domain/ports/event-log.ts"
import { EventLog as Log, partitionName } from "../../domain/ports/event-log.ts"
import { lagOf } from "../../gateways/lag.ts"
import { pendingLetters } from "../../projections/dead-letters.ts"
import { checkpoints } from "../../projections/fold.ts"
import { makeView } from "../../projections/view.ts"
import { type ConfluentOptions, defaultTimeouts, registryName } from "../confluent/options.ts"
import type { Finding } from "./findings.ts"

/** Asks for what is set for a subject, which tells whether it answers us, and writes nothing. */
export const lookAtRegistry = (options: ConfluentOptions) =>
  Effect.gen(function* () {
    const { registryClient } = yield* Effect.promise(() => import("../confluent/client.ts"))
    const name = yield* Effect.try({ try: () => registryName(options.url), catch: (error) => error })
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => registryClient(options, defaultTimeouts.request)),
      ({ close }) => Effect.sync(close),
    )
    return yield* Effect.as(client.compatibility("control-events-matyan.TagCreated"), name)
  }).pipe(Effect.scoped)

export const lookAtLog = (log: EventLog["Service"]) =>
  Effect.map(log.ends, (ends) => {
    const events = ends.reduce((sum, { offset }) => sum + offset, 0)
    return `${ends.length} partitions, ${events.toLocaleString("en")} events`
  })

/** How far the projections are, and what they could not take. */
export const lookAtProjections = Effect.gen(function* () {
  const log = yield* Log
  const view = yield* makeView
  const { folded, letters } = yield* view.read(async (rows) => ({
    folded: await checkpoints(rows),
    letters: (await pendingLetters(rows)).count,
  }))
  const ends = yield* log.ends
  const beyond = ends.filter((end) => (folded.get(partitionName(end)) ?? 0) > end.offset).map(partitionName)
  const { events: behind } = lagOf(folded, ends)
  const says = `${behind.toLocaleString("en")} events behind the log, ${letters} dead letters pending`
  if (beyond.length > 0)
    return {
      state: "broken",
      says: `folded from a longer log than this one (${beyond.join(", ")})`,
      advice: "Put the newer log back, or remove the projections; they are folded anew from the log that is there.",
    } satisfies Omit<Finding, "what">
  if (letters > 0)
    return { state: "doubt", says, advice: "matyan dead-letters list tells which and why." } satisfies Omit<Finding, "what">
  if (behind > 0)
    return {
      state: "doubt",
      says,
      advice: "A projector must run (serve has one); this grows smaller while it folds.",
    } satisfies Omit<Finding, "what">
  return says
})
