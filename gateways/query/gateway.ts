/** What the routes of the query gateway work with: a view to read, commands to dispatch, objects to hand out. */
import type { Effect } from "effect"
import type { Command } from "../../domain/commands.ts"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import type { Rows } from "../../projections/rows.ts"
import type { Outcome } from "../dispatch.ts"

export interface Gateway {
  /** Runs an effect to its end; what it fails with is what the promise rejects with. Interrupted when the signal aborts. */
  readonly run: <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal) => Promise<A>
  /** Reads the projections in one transaction. */
  readonly read: <A>(body: (rows: Rows) => Promise<A>) => Promise<A>
  /** Decides, appends, and waits until the projections show it; `cause` is the request's id. */
  readonly dispatch: (command: Command, cause: string) => Promise<Outcome>
  readonly blobs: BlobStore["Service"]
  /** What blob URIs are sealed with: 32 bytes in URL-safe base64. */
  readonly blobSecret: string
  /** Unix seconds. */
  readonly clock: () => number
  /** A new random id. */
  readonly newId: () => string
}
