/** The names of gateways, which must go on following the log whatever happens once. */
import { Context, Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { Names } from "../../gateways/names.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"
import { tagged } from "../support/log-events.ts"

it("names follow the log again after something broke that nobody foresaw", async () => {
  let broken = 0
  const breaking = Layer.effect(
    EventLog,
    Effect.map(EventLog, (log) => ({
      ...log,
      follow: (...args: Parameters<typeof log.follow>) => {
        if (broken++ === 0) throw new Error("injected")
        return log.follow(...args)
      },
    })),
  ).pipe(Layer.provide(embeddedLog({ folder: freshFolder() })))
  const bearer = Effect.gen(function* () {
    const log = yield* EventLog
    const event = tagged("a")
    const names = Context.get(yield* Layer.build(Names.layer), Names)
    yield* names.ready
    yield* log.append([event])
    yield* names.caughtUp(1)
    return [names.bearer("tag", "a"), event.data.id] as const
  })
  const [found, wanted] = await Effect.runPromise(
    bearer.pipe(Effect.timeout("2 minutes"), Effect.scoped, Effect.provide(breaking)),
  )
  expect(found).toBe(wanted)
  expect(broken).toBeGreaterThan(1)
})
