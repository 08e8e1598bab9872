/** A projector that folds nothing must not be called ready. */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { EventLog, LogUnavailable, type Share } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { foldingCheck } from "../../infra/roles/checks.ts"
import { keepFolding } from "../../infra/roles/projections.ts"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { freshFolder } from "../support/folders.ts"
import { tagged } from "../support/log-events.ts"
import { until } from "../support/wait.ts"

const engines = () => {
  const folder = freshFolder()
  return Layer.merge(embeddedLog({ folder }), lmdbStore({ folder: join(folder, "store") }))
}

const running = <A>(
  body: Effect.Effect<A, unknown, EventLog | KeyValueStore>,
  layer: Layer.Layer<EventLog | KeyValueStore, unknown>,
) => Effect.runPromise(body.pipe(Effect.timeout("2 minutes"), Effect.provide(layer)))

it("a projector that its group does not take is not ready, and says why; once it folds it is", async () => {
  let [isTaken, clock] = [false, 0]
  const refusing = Layer.effect(
    EventLog,
    Effect.map(EventLog, (log) => ({
      ...log,
      share: <E>(group: string, share: Share<E>) =>
        Effect.suspend(() => (isTaken ? log.share(group, share) : Effect.fail(new LogUnavailable({ message: "not taken" })))),
    })),
  )
  const { onFault, check } = foldingCheck(() => clock)
  const body = Effect.gen(function* () {
    yield* Effect.forkScoped(keepFolding({ onFault }))
    yield* Effect.promise(() => until("the trouble to be told", check.check, (answer) => answer === "not taken"))
    isTaken = true
    yield* shown
    clock = 60_000
    return yield* Effect.promise(check.check)
  })
  const layer = engines()
  expect(await running(Effect.scoped(body), Layer.merge(layer, refusing.pipe(Layer.provide(layer))))).toBe("ok")
})

it("a projector goes on after something broke at its start that nobody foresaw", async () => {
  let broken = 0
  const breaking = Layer.effect(
    KeyValueStore,
    Effect.map(KeyValueStore, (store) => ({
      ...store,
      read: <A>(body: Parameters<typeof store.read<A>>[0]) =>
        broken++ === 0 ? Effect.die(new Error("injected")) : store.read(body),
    })),
  )
  const said: string[] = []
  const body = Effect.andThen(Effect.forkScoped(keepFolding({ onFault: (text) => said.push(text) })), shown)
  const layer = engines()
  await running(Effect.scoped(body), Layer.merge(layer, breaking.pipe(Layer.provide(layer))))
  expect(said).toEqual(["injected"])
})

/** An event comes from the log into the projections. */
const shown = Effect.gen(function* () {
  const log = yield* EventLog
  const caughtUp = yield* makeCaughtUp
  yield* caughtUp(yield* log.append([tagged("a")]))
})
