import { Context, Effect, Layer, Stream } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { Names } from "../../gateways/names.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"
import { tagged } from "../support/log-events.ts"

/** Other work goes first, many times. */
const someTurns = Effect.promise(async () => {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
})

it("names are ready when all is known that the log held at the start, and no sooner", async () => {
  const slow = Layer.effect(
    EventLog,
    Effect.map(EventLog, (log) => ({
      ...log,
      follow: (...args: Parameters<typeof log.follow>) => Stream.unwrap(Effect.as(someTurns, log.follow(...args))),
    })),
  ).pipe(Layer.provide(embeddedLog({ folder: freshFolder() })))
  const event = tagged("a")
  const found = Effect.gen(function* () {
    const log = yield* EventLog
    yield* log.append([event])
    const names = Context.get(yield* Layer.build(Names.layer), Names)
    yield* names.ready
    return [names.bearer("tag", "a"), names.bind("tag", "a")]
  })
  const { id } = event.data
  expect(await Effect.runPromise(found.pipe(Effect.scoped, Effect.provide(slow)))).toEqual([id, id])
})
