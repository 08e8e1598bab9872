/** What the functions behind `run.image`, `run.artifact` and the like need of a run. */
import type { LoggedFile, Platform } from "./platform.ts"

/** The bytes of a blob (nobody else changes them), or a file that holds them and is read when they are uploaded. */
export type BlobContent = Uint8Array | { readonly file: LoggedFile }

/** A blob, and where it is to be: its path below the run in the blob store. */
export interface LoggedBlob {
  readonly path: string
  readonly contentType: string
  readonly content: BlobContent
}

/** What became of a blob: uploaded and registered, or still in the spool, or refused for good. */
export type BlobOutcome = "uploaded" | "waiting" | "refused"

/** A run, as what logs into it knows it. */
export interface Logbook {
  readonly runId: string
  readonly platform: Platform
  /** The folder (Node) or database (browser) of its spools; empty where nothing is kept but in memory. */
  readonly place: string
  /** Whether nothing is kept or sent, and everything is only checked. */
  readonly isDry: boolean
  /** Logs one message of the protocol, after everything that was logged before it. Never throws. */
  readonly message: (fields: Readonly<Record<string, unknown>>) => void
  /**
   * Keeps a blob until it is uploaded; then the message that names it is sent. Never throws. Resolves, and never rejects, when
   * that is done or given up; `onProgress` hears how many bytes are uploaded.
   */
  readonly duty: (
    message: Readonly<Record<string, unknown>>,
    blob: LoggedBlob,
    onProgress?: (uploaded: number, size: number) => void,
  ) => Promise<BlobOutcome>
  /** `finish` and the end of the process wait for this work, which never rejects: it ends in a message or a duty. */
  readonly during: (work: Promise<unknown>) => void
  /** Something could not be logged as it was asked: said once per text, and kept on the run's status. Never throws. */
  readonly problem: (text: string) => void
}
