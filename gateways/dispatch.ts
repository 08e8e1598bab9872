/** From a command to its events in the log and in the projections. */
import { Effect, Option, Semaphore } from "effect"
import type { Command } from "../domain/commands.ts"
import { EventLog, type EventTooLarge, type LogUnavailable } from "../domain/ports/event-log.ts"
import type { KeyValueStore, StoreFault } from "../domain/ports/key-value-store.ts"
import type { Refusal } from "../domain/refusals.ts"
import { stamper } from "../domain/stamp.ts"
import type { AnyFact, Position } from "../events/index.ts"
import { makeCaughtUp } from "../projections/caught-up.ts"
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
    const unfolded = new UnfoldedNames()
    const append = (command: Command, cause: string) =>
      Effect.gen(function* () {
        yield* names.ready
        const decision = yield* view.read((rows) => decide(rows, command, { bind: names.bind, isTaken: unfolded.has }))
        if ("refused" in decision) return decision
        const at = options.clock()
        const { facts } = decision
        if (facts.length === 0) return { facts, positions: [], at, folded: () => undefined }
        const positions = yield* log.append(stamp(facts, { at, cause }))
        return { facts, positions, at, folded: unfolded.add(facts) }
      })
    return (command, cause) =>
      Effect.gen(function* () {
        const appended = yield* turn.withPermit(append(command, cause))
        if ("refused" in appended) return { _tag: "Refused", refused: appended.refused }
        const { facts, positions, at, folded } = appended
        const waited = yield* caughtUp(positions).pipe(Effect.timeoutOption(options.waitMillis))
        if (Option.isNone(waited)) return { _tag: "Accepted", positions }
        folded()
        const lost = yield* view.read((rows) => lostRace(rows, facts))
        return lost === null ? { _tag: "Done", facts, at } : { _tag: "Refused", refused: lost }
      })
  })

/** Names this gateway has given away that no projection shows yet. */
class UnfoldedNames {
  readonly #names = new Map<string, number>()

  readonly has = (kind: string, name: string): boolean => this.#names.has(`${kind}\0${name}`)

  /** Counts in the names of these facts; the answer counts them out again. */
  readonly add = (facts: readonly AnyFact[]): (() => void) => {
    const keys = facts.flatMap(({ type, data }) => {
      if (type === "ExperimentCreated" || type === "ExperimentRenamed") return [`experiment\0${data.name}`]
      return type === "TagCreated" || type === "TagRenamed" ? [`tag\0${data.name}`] : []
    })
    for (const key of keys) this.#names.set(key, (this.#names.get(key) ?? 0) + 1)
    return () => {
      for (const key of keys) {
        const left = (this.#names.get(key) ?? 1) - 1
        if (left === 0) this.#names.delete(key)
        else this.#names.set(key, left)
      }
    }
  }
}
