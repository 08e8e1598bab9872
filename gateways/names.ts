/** The names that gateways bind: a {@link NameBook} that follows the log, so that training goes on while the store is down. */
import { Cause, Context, Deferred, Effect, Layer, Stream } from "effect"
import { reached } from "../domain/milestones.ts"
import { type NameKind, NameBook } from "../domain/names.ts"
import { EventLog, type LogUnavailable, partitionName } from "../domain/ports/event-log.ts"

/** The one partition in which names are created, changed and released. */
const control = { topic: "control-events", partition: 0 } as const

export class Names extends Context.Service<
  Names,
  {
    /** The id that a name stands for now; only to be asked once `ready` is done. */
    readonly bind: (kind: NameKind, name: string) => string
    /** The id of the entity that was given the name by a creation or a rename, as far as the log has been read. */
    readonly bearer: (kind: NameKind, name: string) => string | undefined
    /** The offset after the last control event that is known here. */
    readonly next: () => number
    /** Done when all is known that stood in the log at the start. */
    readonly ready: Effect.Effect<void>
    /** Done when every control event before this offset is known. It never gives up by itself: put a time limit around it. */
    readonly caughtUp: (next: number) => Effect.Effect<void>
  }
>()("matyan/Names") {
  /** Faults of the log are waited out, and so is what nobody foresaw: who follows no more would bind wrongly for ever. */
  static readonly layer: Layer.Layer<Names, never, EventLog> = Layer.effect(
    Names,
    Effect.gen(function* () {
      const log = yield* EventLog
      const book = new NameBook()
      const progress = new Progress()
      const ready = yield* Deferred.make<void>()
      let end: number | undefined
      const follow = Effect.gen(function* () {
        end ??= (yield* log.ends).find((one) => partitionName(one) === partitionName(control))?.offset ?? 0
        if (progress.next >= end) yield* Deferred.succeed(ready, undefined)
        yield* Stream.runForEach(log.follow(new Map([[partitionName(control), progress.next]]), [control]), (batch) => {
          for (const record of batch.records) if (record.type !== "Undecodable") book.apply(record)
          reached("names: heard")
          progress.reach(batch.next)
          return progress.next >= (end ?? 0) ? Deferred.succeed(ready, undefined) : Effect.void
        })
      })
      yield* follow.pipe(Effect.catchCause(waitOut), Effect.forever, Effect.forkScoped)
      return {
        bind: (kind, name) => book.bind(kind, name),
        bearer: (kind, name) => book.bearer(kind, name),
        next: () => progress.next,
        ready: Deferred.await(ready),
        caughtUp: (next) => progress.reached(next),
      }
    }),
  )
}

/** How far the log has been read, and who waits for more. */
class Progress {
  next = 0
  readonly #waiting = new Set<{ readonly until: number; readonly resume: () => void }>()

  reach(next: number): void {
    this.next = next
    for (const one of this.#waiting) if (one.until <= next) one.resume()
  }

  reached(until: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (this.next >= until) return resume(Effect.void)
      const one = { until, resume: () => resume(Effect.void) }
      this.#waiting.add(one)
      return Effect.sync(() => this.#waiting.delete(one))
    })
  }
}

const waitOut = (cause: Cause.Cause<LogUnavailable>) =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.interrupt
    : Effect.logWarning("names wait for the log", cause).pipe(Effect.andThen(Effect.sleep("500 millis")))
