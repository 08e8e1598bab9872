/** What the adapters of the store make of what their bodies throw. */
import { Effect } from "effect"
import { type StoreFault, StoreUnavailable, TransactionTooLarge } from "../domain/ports/key-value-store.ts"

/** Faults of the store are failures; anything else that a body throws is a defect. */
export const faultsOf = <A>(act: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, StoreFault> =>
  Effect.catchDefect(Effect.promise(act), (defect) =>
    defect instanceof StoreUnavailable || defect instanceof TransactionTooLarge ? Effect.fail(defect) : Effect.die(defect),
  )

/** A single read writes nothing, so it is never too large. */
export const unavailableOnly = <A>(effect: Effect.Effect<A, StoreFault>): Effect.Effect<A, StoreUnavailable> =>
  Effect.catchTag(effect, "TransactionTooLarge", Effect.die)
