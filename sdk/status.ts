/** What `run.status()` and `run.finish()` tell. */

/**
 * `running`, `finishing`, then `finished`: the server has everything; or `left-in-spool`: the rest is kept, and the next start or
 * `matyan sync` sends it; or `lost`: there was no spool, and the server has not acknowledged everything.
 */
export type RunState = "running" | "finishing" | "finished" | "left-in-spool" | "lost"

/** How a run stands. */
export interface RunStatus {
  readonly state: RunState
  /** Whether the server can be reached now. */
  readonly isConnected: boolean
  /** Points, objects, lines and the like that were logged. */
  readonly logged: number
  /** Those of them that were dropped: without meaning, or without any room left. */
  readonly dropped: number
  /** What the server has not acknowledged yet: batches, blobs, and the bytes of both. */
  readonly unsent: { readonly frames: number; readonly blobs: number; readonly bytes: number }
  /**
   * Where in the log what the server has acknowledged to this process ends, `topic/partition/offset`, several with commas: a read that
   * is given it shows all of that. Empty until something is acknowledged.
   */
  readonly position: string
  /** What went wrong, each once; the first hundred. */
  readonly problems: readonly string[]
}
