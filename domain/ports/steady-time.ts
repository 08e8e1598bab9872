/** Time by a clock that nobody sets, so that a jump of the wall clock neither ends nor stretches a wait. */
import { Clock, Effect } from "effect"

/** Milliseconds from some moment on; only differences mean anything. */
export const steadyMillisOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** {@link steadyMillisOf} the clock of the effect that asks. */
export const steadyMillis: Effect.Effect<number> = Clock.clockWith((clock) => Effect.sync(() => steadyMillisOf(clock)))
