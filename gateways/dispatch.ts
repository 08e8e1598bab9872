/** From a command to its events in the log and in the projections. */
import { Effect, Option, Semaphore } from "effect"
import type { Command } from "../domain/commands.ts"
import type { NameKind } from "../domain/names.ts"
import { EventLog, type EventTooLarge, LogUnavailable } from "../domain/ports/event-log.ts"
import type { KeyValueStore, StoreFault } from "../domain/ports/key-value-store.ts"
import type { Refusal } from "../domain/refusals.ts"
import { stamper } from "../domain/stamp.ts"
import type { AnyFact, Position } from "../events/index.ts"
import { makeCaughtUp } from "../projections/caught-up.ts"
import { checkpointOf } from "../projections/fold.ts"
import type { Rows } from "../projections/rows.ts"
import { makeView } from "../projections/view.ts"
import { decide, lostRace } from "./decide.ts"
import { Names } from "./names.ts"

/** What came of a command. */
export type Outcome =
  /** Appended, and the projections show it. `facts` is empty where there was nothing to change. */
  | { readonly _tag: "Done"; readonly facts: readonly AnyFact[]; readonly at: number }
  /** Appended and durable, but the projections have not come to it within the limit. */
  | { readonly _tag: "Accepted"; readonly positions: readonly Position[] }
  | { readonly _tag: "Refused"; readonly refused: Refusal }

export interface DispatchOptions {
  /** Unix seconds. */
  readonly clock: () => number
  readonly newId: () => string
  /** How long a command waits to see its own write. */
  readonly waitMillis: number
}

export type DispatchFault = LogUnavailable | EventTooLarge | StoreFault
export type Dispatch = (command: Command, cause: string) => Effect.Effect<Outcome, DispatchFault>

/** A dispatcher with a writer's number of its own. */
export const makeDispatch = (options: DispatchOptions): Effect.Effect<Dispatch, never, EventLog | KeyValueStore | Names> =>
  Effect.gen(function* () {
    const log = yield* EventLog
    const names = yield* Names
    const view = yield* makeView
    const caughtUp = yield* makeCaughtUp
    // One at a time: the fold drops what comes with a lower number than it has seen, and decisions see those before them.
    const turn = Semaphore.makeUnsafe(1)
    const stamp = stamper({ writer: options.newId(), actor: "anonymous", newId: options.newId })
    const given = new GivenNames()
    const namesKnown = names.ready.pipe(Effect.timeoutOrElse({ duration: options.waitMillis, orElse: () => namesUnknown }))
    const append = (command: Command, cause: string) =>
      Effect.gen(function* () {
        const decision = yield* view.read((rows) => decide(rows, command, { bind: names.bind, isGiven: given.has }))
        if ("refused" in decision || "behind" in decision) return decision
        const at = options.clock()
        const { facts } = decision
        const positions = facts.length === 0 ? [] : yield* log.append(stamp(facts, { at, cause }))
        given.add(facts, positions)
        return { facts, positions, at }
      })
    const appendInTurn = (command: Command, cause: string, until: number): ReturnType<typeof append> =>
      turn
        .withPermit(append(command, cause))
        .pipe(
          Effect.flatMap((appended) =>
            "behind" in appended && Date.now() < until
              ? Effect.sleep("10 millis").pipe(Effect.andThen(appendInTurn(command, cause, until)))
              : Effect.succeed(appended),
          ),
        )
    return (command, cause) =>
      Effect.gen(function* () {
        yield* namesKnown
        const appended = yield* appendInTurn(command, cause, Date.now() + options.waitMillis)
        if ("behind" in appended) return yield* namesUnknown
        if ("refused" in appended) return { _tag: "Refused", refused: appended.refused }
        const { facts, positions, at } = appended
        const waited = yield* caughtUp(positions).pipe(Effect.timeoutOption(options.waitMillis))
        if (Option.isNone(waited)) return { _tag: "Accepted", positions }
        const lost = yield* view.read((rows) => lostRace(rows, command, facts))
        return lost === null ? { _tag: "Done", facts, at } : { _tag: "Refused", refused: lost }
      })
  })

/** What a name stands for cannot be told: the log is away, or what has been read of it is behind the projections. */
const namesUnknown = Effect.fail(new LogUnavailable({ message: "the names in the log have not been read yet" }))

/** Names that this gateway has given away, with the events that say so, until the projections show them. */
class GivenNames {
  readonly #positions = new Map<string, Position>()

  /** Whether the name is given away though these rows do not show it. */
  readonly has = async (rows: Rows, kind: NameKind, name: string): Promise<boolean> => {
    const position = this.#positions.get(`${kind}\0${name}`)
    return position !== undefined && (await checkpointOf(rows, position)) <= position.offset
  }

  add(facts: readonly AnyFact[], positions: readonly Position[]): void {
    for (const [i, { type, data }] of facts.entries()) {
      const position = positions[i]
      if (position === undefined) continue
      // Only the latest matter; of those that so many others followed, the projections have long told.
      if (this.#positions.size >= mostGiven) this.#positions.clear()
      if (type === "ExperimentCreated" || type === "ExperimentRenamed") this.#positions.set(`experiment\0${data.name}`, position)
      if (type === "TagCreated" || type === "TagRenamed") this.#positions.set(`tag\0${data.name}`, position)
    }
  }
}

const mostGiven = 10_000
