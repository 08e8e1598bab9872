/** What the control worker tells about its work, for metrics. */
import { Cause, Effect, Exit } from "effect"
import { steadyMillis } from "../domain/ports/steady-time.ts"

/** How a piece of work ended: well, or by a fault of the log, the store, the blob store or something else. */
export type ControlOutcome = "done" | "log" | "store" | "blobs" | "unknown"

export interface ControlMeter {
  /** So many control events were read. */
  readonly onConsumed?: (events: number) => void
  /** An event of this type was reacted to, or a job of this name was done, in so many seconds. */
  readonly onDone?: (kind: string, seconds: number, outcome: ControlOutcome) => void
}

/** Tells the meter about a piece of work, however it ends; nothing when it is interrupted. */
export const metered =
  (kind: string, { onDone }: ControlMeter) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(steadyMillis, (start) =>
      Effect.onExit(work, (exit) =>
        Effect.map(steadyMillis, (end) => {
          if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return
          onDone?.(kind, (end - start) / 1000, Exit.isSuccess(exit) ? "done" : outcomeOf(Cause.squash(exit.cause)))
        }),
      ),
    )

const outcomes: Readonly<Record<string, ControlOutcome>> = {
  LogUnavailable: "log",
  EventTooLarge: "log",
  StoreUnavailable: "store",
  TransactionTooLarge: "store",
  BlobStoreUnavailable: "blobs",
}

const outcomeOf = (fault: unknown): ControlOutcome =>
  (typeof fault === "object" && fault !== null && "_tag" in fault && outcomes[String(fault._tag)]) || "unknown"
