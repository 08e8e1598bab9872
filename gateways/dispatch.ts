/** From a command to its events in the log and in the projections. */
import { Data, Effect, Option, Semaphore } from "effect"
import type { Command } from "../domain/commands.ts"
import { reached } from "../domain/milestones.ts"
import { EventLog, type EventTooLarge, LogUnavailable } from "../domain/ports/event-log.ts"
import type { KeyValueStore, StoreFault } from "../domain/ports/key-value-store.ts"
import { spanClock, Spans } from "../domain/ports/spans.ts"
import { steadyMillis } from "../domain/ports/steady-time.ts"
import type { Refusal } from "../domain/refusals.ts"
import { stamper } from "../domain/stamp.ts"
import type { AnyEvent, AnyFact, Position } from "../events/index.ts"
import { makeCaughtUp } from "../projections/caught-up.ts"
import { deadLetterAt } from "../projections/dead-letters.ts"
import { makeView } from "../projections/view.ts"
import { decide, isAboutUnseen, lostRace, type StatedBy } from "./decide.ts"
import { GivenNames } from "./given-names.ts"
import { Names } from "./names.ts"

/** What came of a command. */
export type Outcome =
  /** Appended, and the projections show it. `facts` and `positions` are empty where there was nothing to change. */
  | { readonly _tag: "Done"; readonly facts: readonly AnyFact[]; readonly positions: readonly Position[]; readonly at: number }
  /** Appended and durable, but the projections have not come to it within the limit. Another may still overtake it. */
  | { readonly _tag: "Accepted"; readonly facts: readonly AnyFact[]; readonly positions: readonly Position[] }
  | { readonly _tag: "Refused"; readonly refused: Refusal }

export interface DispatchOptions {
  /** Unix seconds. */
  readonly clock: () => number
  readonly newId: () => string
  /** How long a command waits to see its own write, in milliseconds; and how long for each of what it needs before. */
  readonly waitMillis: number
}

/** The log did not say whether it has the command's events: they may be done already, or still be. */
export class OutcomeUnknown extends Data.TaggedError("OutcomeUnknown")<{ readonly message: string; readonly cause: unknown }> {}

/** The command's events are in the log, but one of them cannot be folded. */
export class CommandBuried extends Data.TaggedError("CommandBuried")<{ readonly message: string; readonly position: Position }> {}

export type DispatchFault = LogUnavailable | OutcomeUnknown | CommandBuried | EventTooLarge | StoreFault
export type Dispatch = (command: Command, cause: string) => Effect.Effect<Outcome, DispatchFault>

/** What was appended for a command. */
interface Appended {
  readonly facts: readonly AnyFact[]
  readonly positions: readonly Position[]
  readonly at: number
  /** Null where there was nothing to append. */
  readonly by: StatedBy | null
}

/**
 * A dispatcher with a writer's number of its own. Any number of them may work on one log: what each decides on may be
 * behind, so the fold has the last word, and the answer is what the fold made of the command.
 */
export const makeDispatch = (options: DispatchOptions): Effect.Effect<Dispatch, never, EventLog | KeyValueStore | Names> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const names = yield* Names
    const spans = yield* Spans
    const view = yield* makeView
    const caughtUp = yield* makeCaughtUp
    // One at a time: the fold drops what comes with a lower number than it has seen, and decisions see those before them.
    const turn = Semaphore.makeUnsafe(1)
    const stamp = stamper({ writer: options.newId(), actor: "anonymous", newId: options.newId })
    const given = new GivenNames()
    const spoken = { bind: names.bind, bearer: names.bearer, next: names.next, isGiven: given.has }
    const known = (what: Effect.Effect<void>) =>
      what.pipe(Effect.timeoutOrElse({ duration: options.waitMillis, orElse: () => namesUnknown }))
    /** What was logged before a command was given is shown when it is decided, through whichever gateway it came. */
    const shown = (command: Command) =>
      Effect.gen(function* () {
        if (!(yield* view.read((rows) => isAboutUnseen(rows, command)))) return
        const logged = log.ends.pipe(Effect.flatMap((ends) => caughtUp(ends.flatMap(lastBefore))))
        yield* logged.pipe(Effect.timeoutOrElse({ duration: options.waitMillis, orElse: () => runUnknown }))
      })
    const append = (command: Command, cause: string, until: number) =>
      Effect.gen(function* () {
        if ((yield* steadyMillis) > until) return yield* logBusy
        const decision = yield* view.read((rows) => decide(rows, command, spoken))
        if ("refused" in decision || "behind" in decision) return decision
        const at = options.clock()
        const { facts } = decision
        if (facts.length === 0) return { facts, positions: [], at, by: null } satisfies Appended
        const events = stamp(facts, { at, cause })
        const start = spanClock()
        const positions = yield* appendSurely(log, events, options.waitMillis)
        reached("command: appended")
        given.add(facts, positions)
        const by = events[0]?.meta ?? null
        if (by !== null && spans.follows(by))
          spans.record({
            name: "append command",
            of: by,
            start,
            end: spanClock(),
            attributes: { command: command._tag, request: cause },
          })
        return { facts, positions, at, by } satisfies Appended
      })
    const outcomeOf = (command: Command, { facts, positions, at, by }: Appended) =>
      Effect.gen(function* () {
        const waited = yield* caughtUp(positions).pipe(Effect.timeoutOption(options.waitMillis))
        if (Option.isNone(waited)) return { _tag: "Accepted", facts, positions } satisfies Outcome
        const { lost, buried } = yield* view.read(async (rows) => ({
          lost: by === null ? null : await lostRace(rows, command, by),
          buried: (await Promise.all(positions.map((position) => deadLetterAt(rows, position)))).find(isThere),
        }))
        if (buried !== undefined) return yield* new CommandBuried({ message: buried.reason, position: buried.position })
        if (lost === "stale") return lost
        return (lost === null ? { _tag: "Done", facts, positions, at } : { _tag: "Refused", refused: lost }) satisfies Outcome
      })
    const attempt = (command: Command, cause: string, until: number, stale = 0): Effect.Effect<Outcome, DispatchFault> =>
      Effect.gen(function* () {
        const appended = yield* turn.withPermit(append(command, cause, until))
        if ("refused" in appended) return { _tag: "Refused", refused: appended.refused }
        const outcome = "behind" in appended ? "stale" : yield* outcomeOf(command, appended)
        if (outcome !== "stale") return outcome
        // Each try stands in the log for ever.
        if (stale >= mostStale) return yield* namesMove
        // A command that was decided on names of before has left nothing, so it is decided again on those that are now.
        yield* known(names.caughtUp("behind" in appended ? appended.behind : nextAfter(appended.positions)))
        return yield* attempt(command, cause, until, "behind" in appended ? stale : stale + 1)
      })
    return (command, cause) =>
      known(names.ready).pipe(
        Effect.andThen(shown(command)),
        Effect.andThen(steadyMillis),
        Effect.flatMap((now) => attempt(command, cause, now + options.waitMillis)),
      )
  })

/**
 * Appends events whose first append may have failed on the way back once more: they are the same events, with the same
 * numbers, so those that are in the log twice are folded once.
 */
const appendSurely = (
  log: EventLog["Service"],
  events: readonly AnyEvent[],
  waitMillis: number,
): Effect.Effect<readonly Position[], OutcomeUnknown | EventTooLarge> => {
  const unknown = (cause: unknown) =>
    new OutcomeUnknown({ message: "the log does not say whether it has the events of a command", cause })
  return log.append(events).pipe(
    Effect.tapError(() => Effect.sleep("100 millis")),
    Effect.retry({ while: ({ _tag }) => _tag === "LogUnavailable", times: 2 }),
    Effect.catchTag("LogUnavailable", (fault) => Effect.fail(unknown(fault))),
    Effect.timeoutOrElse({ duration: waitMillis, orElse: () => Effect.fail(unknown(undefined)) }),
  )
}

/** So often a command is stated anew, because what its name stood for had given it up meanwhile. */
const mostStale = 8

const namesMove = Effect.fail(
  new LogUnavailable({ message: "what the name stands for changed with every try; nothing came of the command" }),
)

/** What a name stands for cannot be told: the log is away, or what has been read of it is behind the projections. */
const namesUnknown = Effect.fail(new LogUnavailable({ message: "the names in the log have not been read yet" }))

/** Whether there is such a run cannot be told yet. */
const runUnknown = Effect.fail(
  new LogUnavailable({
    message: "the projections do not show it, and whether the log has it cannot be told now; nothing came of the command",
  }),
)

/** The commands before this one took all the time that there was: nothing of this one was appended. */
const logBusy = Effect.fail(new LogUnavailable({ message: "the commands before this one wait for the log" }))

/** The position of the last event before an end. */
const lastBefore = (end: Position): readonly Position[] => (end.offset === 0 ? [] : [{ ...end, offset: end.offset - 1 }])

const nextAfter = (positions: readonly Position[]): number => Math.max(0, ...positions.map(({ offset }) => offset + 1))

const isThere = <A>(one: A | undefined): one is A => one !== undefined
