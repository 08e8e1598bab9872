/** What the routes of the query gateway work with: a view to read, commands to dispatch, objects to hand out. */
import type { Effect } from "effect"
import type { Command } from "../../domain/commands.ts"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import type { Position, Recorded, Undecodable } from "../../events/index.ts"
import type { NamedAsOf } from "../../projections/as-of-generations.ts"
import type { GenerationInfo } from "../../projections/generation-list.ts"
import type { Rows } from "../../projections/rows.ts"
import type { Outcome } from "../dispatch.ts"

export interface Gateway {
  /** Runs an effect to its end; what it fails with is what the promise rejects with. Interrupted when the signal aborts. */
  readonly run: <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal) => Promise<A>
  /** Reads the projections in one transaction: those that serve, or those that the request asks for (as-of.ts). */
  readonly read: <A>(body: (rows: Rows) => Promise<A>) => Promise<A>
  /** What generations there are. */
  readonly generations: () => Promise<readonly GenerationInfo[]>
  /** The one that ends at some positions and has this id, or was asked for in these words. */
  readonly asOfNamed: (name: string) => Promise<NamedAsOf>
  /** Decides, appends, and waits until the projections show it; `cause` is the request's id. */
  readonly dispatch: (command: Command, cause: string) => Promise<Outcome>
  readonly blobs: BlobStore["Service"]
  /** What blob URIs are sealed with: 32 bytes in URL-safe base64. */
  readonly blobSecret: string
  /** How long a deleted run can be restored, in hours. */
  readonly trashHours: number
  /** What stands in the log at these positions, as the log's port tells it. */
  readonly recordsAt: (
    positions: readonly Position[],
    signal?: AbortSignal,
  ) => Promise<readonly (Recorded | Undecodable | undefined)[]>
  /** Unix seconds. */
  readonly clock: () => number
  /** A new random id. */
  readonly newId: () => string
}
