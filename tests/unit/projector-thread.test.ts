import { ConfigProvider, Effect, Logger } from "effect"
import { expect, it } from "vitest"
import { settings } from "../../infra/config.ts"
import { projectorThread } from "../../infra/projector-thread.ts"
import { freshFolder } from "../support/folders.ts"
import { until } from "../support/wait.ts"

it("a projector's thread whose engines cannot be opened is told of and replaced, not left there without a word", async () => {
  const env = { MATYAN_DATA_DIR: freshFolder(), MATYAN_LOG: "kafka", KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT" }
  const chosen = await Effect.runPromise(
    Effect.provideService(settings, ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env })),
  )
  const said: unknown[] = []
  const faults: string[] = []
  const logs = Logger.layer([Logger.make(({ message }) => said.push(message))])
  const stopping = new AbortController()
  const running = Effect.runPromise(
    Effect.andThen(projectorThread(chosen, { onFault: (fault) => faults.push(fault) }), Effect.never).pipe(
      Effect.scoped,
      Effect.provide(logs),
    ),
    { signal: stopping.signal },
  )
  await until("its end to be told", () => said.length, (times) => times > 0) // prettier-ignore
  expect(JSON.stringify(said[0])).toContain("the projector's thread ended and is replaced")
  expect(String((said[0] as readonly unknown[])[1])).toContain("SASL_PLAINTEXT needs a user name")
  expect(faults).toContain("the projector's thread ended and is replaced")
  stopping.abort()
  await running.catch(() => undefined)
})
