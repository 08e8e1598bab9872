import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import { said } from "../../gateways/health.ts"

it("what does not answer at all is said not to within two seconds", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const asked = yield* Effect.forkChild(said(Effect.never), { startImmediately: true })
      yield* TestClock.adjust("1999 millis")
      expect(asked.pollUnsafe()).toBeUndefined()
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(asked)).not.toBe("ok")
    }).pipe(Effect.provide(TestClock.layer())),
  ))
