import { Effect, Layer } from "effect"
import { EventLog, EventTooLarge, LogUnavailable } from "../../domain/ports/event-log.ts"
import type { AnyEvent, Position } from "../../events/index.ts"

/** How appends go: `lost` ones are written, but answered as if they were not; `held` ones wait for `release`. */
type Mode = "up" | "away" | "lost" | "held"

/** A log that fails in the ways a real one does, as a layer over any adapter; and what was asked of it. */
export class FaultyLog {
  mode: Mode = "up"
  /** Whether it tells nothing of its ends either. */
  isAway = false
  /** Points beyond which an event is too large. */
  mostPoints = Number.POSITIVE_INFINITY
  /** What was tried, and what was written, in order. */
  readonly attempts: (readonly AnyEvent[])[] = []
  readonly events: AnyEvent[] = []
  readonly #held: (() => void)[] = []

  release(): void {
    this.mode = "up"
    for (const resume of this.#held.splice(0)) resume()
  }

  over<E>(layer: Layer.Layer<EventLog, E>): Layer.Layer<EventLog, E> {
    return Layer.effect(
      EventLog,
      Effect.map(EventLog, (log) => ({
        ...log,
        ends: Effect.suspend(() => (this.isAway ? Effect.fail(new LogUnavailable({ message: "injected" })) : log.ends)),
        append: (events: readonly AnyEvent[]) =>
          Effect.promise(() => this.#turn(events)).pipe(Effect.andThen(() => this.#append(log, events))),
      })),
    ).pipe(Layer.provide(layer))
  }

  async #turn(events: readonly AnyEvent[]): Promise<void> {
    this.attempts.push(events)
    if (this.mode === "held") await new Promise<void>((resume) => this.#held.push(resume))
  }

  #append(
    log: EventLog["Service"],
    events: readonly AnyEvent[],
  ): Effect.Effect<readonly Position[], LogUnavailable | EventTooLarge> {
    if (this.mode === "away") return Effect.fail(new LogUnavailable({ message: "injected" }))
    const large = events.find((event) => event.type === "PointsLogged" && event.data.values.length > this.mostPoints)
    if (large !== undefined)
      return Effect.fail(new EventTooLarge({ message: "injected", type: large.type, bytes: 99, limit: this.mostPoints }))
    return log.append(events).pipe(
      Effect.tap(() => Effect.sync(() => this.events.push(...events))),
      Effect.flatMap((positions) =>
        this.mode === "lost" ? Effect.fail(new LogUnavailable({ message: "injected" })) : Effect.succeed(positions),
      ),
    )
  }
}
