/** What a role's readiness looks at. */
import { Effect } from "effect"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import type { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { HealthCheck } from "../../gateways/health.ts"

export const logCheck = (log: EventLog["Service"]): HealthCheck => ({ name: "log", vital: true, check: () => said(log.ends) })

export const storeCheck = (store: KeyValueStore["Service"]): HealthCheck => ({
  name: "store",
  vital: true,
  check: () => said(store.read((tx) => tx.directories([]))),
})

export const blobsCheck = (blobs: BlobStore["Service"]): HealthCheck => ({
  name: "blobs",
  vital: false,
  check: () => said(blobs.check),
})

/** "ok", or why an effect failed, within two seconds. */
const said = (effect: Effect.Effect<unknown, { readonly message: string }>): Promise<string> =>
  Effect.runPromise(
    effect.pipe(
      Effect.timeout("2 seconds"),
      Effect.as("ok"),
      Effect.catch(({ message }) => Effect.succeed(message)),
      Effect.catchDefect(() => Effect.succeed("failed unexpectedly")),
    ),
  )
