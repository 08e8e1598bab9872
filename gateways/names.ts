/** The names that gateways bind: a {@link NameBook} that follows the log, so that training goes on while the store is down. */
import { Context, Deferred, Effect, Layer, Stream } from "effect"
import { type NameKind, NameBook } from "../domain/names.ts"
import { EventLog, type LogUnavailable, partitionName } from "../domain/ports/event-log.ts"

/** The one partition in which names are created, changed and released. */
const control = { topic: "control-events", partition: 0 } as const

export class Names extends Context.Service<
  Names,
  {
    /** The id that a name stands for now; only to be asked once `ready` is done. */
    readonly bind: (kind: NameKind, name: string) => string
    /** Done when all is known that stood in the log at the start. */
    readonly ready: Effect.Effect<void>
  }
>()("matyan/Names") {
  /** Faults of the log are waited out. */
  static readonly layer: Layer.Layer<Names, never, EventLog> = Layer.effect(
    Names,
    Effect.gen(function* () {
      const log = yield* EventLog
      const book = new NameBook()
      const ready = yield* Deferred.make<void>()
      let next = 0
      let end: number | undefined
      const follow = Effect.gen(function* () {
        end ??=
          (yield* log.ends).find(({ topic, partition }) => topic === control.topic && partition === control.partition)?.offset ??
          0
        if (next >= end) yield* Deferred.succeed(ready, undefined)
        yield* Stream.runForEach(log.follow(new Map([[partitionName(control), next]]), [control]), (batch) => {
          for (const record of batch.records) if (record.type !== "Undecodable") book.apply(record)
          next = batch.next
          return next >= (end ?? 0) ? Deferred.succeed(ready, undefined) : Effect.void
        })
      })
      yield* follow.pipe(Effect.catch(waitOut), Effect.forever, Effect.forkScoped)
      return { bind: (kind, name) => book.bind(kind, name), ready: Deferred.await(ready) }
    }),
  )
}

const waitOut = (fault: LogUnavailable) =>
  Effect.logWarning("names wait for the log", fault).pipe(Effect.andThen(Effect.sleep("500 millis")))
