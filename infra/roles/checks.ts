/** What a role's readiness looks at. */
import { Effect } from "effect"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import type { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { type HealthCheck, said } from "../../gateways/health.ts"

export const logCheck = (log: EventLog["Service"]): HealthCheck => ({ name: "log", vital: true, check: () => askedNow(log.ends) })

export const storeCheck = (store: KeyValueStore["Service"]): HealthCheck => ({
  name: "store",
  vital: true,
  check: () => askedNow(store.read((tx) => tx.directories([]))),
})

export const blobsCheck = (blobs: BlobStore["Service"]): HealthCheck => ({
  name: "blobs",
  vital: false,
  check: () => askedNow(blobs.check),
})

/** Whether a projector folds. What keeps it from folding is told again every few seconds, so silence means that it passed. */
export const foldingCheck = (now: () => number = () => performance.now()) => {
  let last: { readonly message: string; readonly at: number } | undefined
  const trouble = (): string | undefined => (last !== undefined && now() - last.at < remembered ? last.message : undefined)
  const check: HealthCheck = { name: "folding", vital: true, check: async () => trouble() ?? "ok" }
  return { onFault: (message: string): void => void (last = { message, at: now() }), check }
}

/** For how long a fault counts after it was told, in milliseconds. */
const remembered = 15_000

const askedNow = (effect: Effect.Effect<unknown, { readonly message: string }>): Promise<string> =>
  Effect.runPromise(said(effect))
