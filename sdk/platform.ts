/** What the logging client needs of where it runs: Node, Bun and Deno have files, browsers have IndexedDB. */

/** One batch as it goes over the wire, under its number among those of its writer (from 0, without gaps). */
export interface StoredFrame {
  readonly seq: number
  readonly bytes: Uint8Array
}

/**
 * A blob that is to be uploaded, and the message that is sent once it is. Duties of one writer are done in the order of their
 * numbers (from 0, without gaps), and each is one frame of the writer `blobWriterOf(writer)` under that number: however
 * often it is done, it counts once.
 */
export interface Duty {
  readonly number: number
  /** The message of the protocol that names the blob, such as `blob_ref`, as JSON. */
  readonly message: string
  /** Where the blob will be: its path below the run in the blob store. */
  readonly blobPath: string
  readonly contentType: string
  /** The file that is read when it is uploaded; null where the spool itself keeps the bytes. */
  readonly file: LoggedFile | null
}

/** A file as it was when it was logged: one that is another by the time it is uploaded is refused. */
export interface LoggedFile {
  /** Absolute. */
  readonly path: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
  /** Whether `FileAccess.gather` wrote it for this duty alone; then it is removed with the duty (`Spool.dutyDone`). */
  readonly isGathered: boolean
}

/** What one writer has logged and nobody has acknowledged yet, kept where the end of the process does not reach it. */
export interface Spool {
  /** 32 hexadecimal digits. */
  readonly writer: string
  readonly runId: string
  /** The ingestion gateway that it is meant for. */
  readonly url: string
  /** Number that the next frame takes: one above the last that was ever appended. */
  readonly nextSeq: number
  /** The number that the next duty takes. */
  readonly nextDuty: number
  /** Bytes of frames and blobs that it holds. */
  readonly bytes: number
  /**
   * Keeps a frame. In Node it is in the file when this returns, so that the end of the process loses nothing; in browsers it is soon.
   * Throws `SpoolFull` when there is no room; nothing is kept then.
   */
  readonly append: (frame: StoredFrame) => void
  /** The frames from a number on, in order, about `mostBytes` of them, at least one where there is any. */
  readonly read: (from: number, mostBytes: number) => Promise<readonly StoredFrame[]>
  /** The frames up to and including a number are acknowledged, and are given up. */
  readonly release: (seq: number) => void
  /** Keeps a duty, with its bytes where it has no file. Throws `SpoolFull`. */
  readonly addDuty: (duty: Duty, bytes: Uint8Array | null) => void
  /** The duties that are not done, in order. */
  readonly duties: () => Promise<readonly Duty[]>
  /** The bytes of a duty without a file. */
  readonly blobOf: (duty: Duty) => Promise<Blob>
  readonly dutyDone: (number: number) => void
  /** Resolves when all that was appended is kept. */
  readonly settled: () => Promise<void>
  /** Lets go of it. One that holds nothing any longer is removed; any other is found by `leftovers`. */
  readonly close: () => Promise<void>
}

/** No room is left, or the disk failed; the message says which. */
export class SpoolFull extends Error {
  override readonly name = "SpoolFull"
}

/** A connection that is being opened or is open; the three functions are set by whoever uses it, at once. */
export interface Socket {
  onOpen: () => void
  onText: (text: string) => void
  /** Once, whatever ended it; nothing comes after. `reason` is for people. */
  onClose: (code: number, reason: string) => void
  /** Takes no longer than the copy; what is sent while it is closed is dropped. */
  readonly send: (bytes: Uint8Array) => void
  /** Bytes that were sent and are still here. */
  readonly buffered: () => number
  readonly close: () => void
}

/** Where spools are, and how large they may be. */
export interface SpoolSettings {
  /** The folder (Node) or database (browser). */
  readonly place: string
  /** Most bytes that all spools of the place may hold together. */
  readonly mostBytes: number
}

/** A sample of what the machine does, by the names under which the Python client logs it. */
export type SystemSample = Readonly<Record<string, number>>

/** What is done one way in Node and another way in browsers. */
export interface Platform {
  readonly name: "node" | "browser"
  readonly environment: (name: string) => string | undefined
  /** Where spools are kept unless told otherwise. */
  readonly defaultPlace: () => string
  /** A new spool for a new writer. Rejects with `SpoolFull` where none can be kept. */
  readonly openSpool: (settings: SpoolSettings, writer: string, runId: string, url: string) => Promise<Spool>
  /** Takes hold of the spools whose writers are no more, oldest first; those that somebody else holds are left out. */
  readonly leftovers: (
    settings: SpoolSettings,
    filter?: { readonly url?: string; readonly runId?: string },
  ) => Promise<readonly Spool[]>
  /** Opens a WebSocket, offering one subprotocol; it does not keep the process alive. */
  readonly connect: (url: string, subprotocol: string) => Socket
  /** Calls back after so many milliseconds without keeping the process alive; the answer takes it back. */
  readonly later: (millis: number, callback: () => void) => () => void
  /**
   * `onIdle` when the process would end for want of work (it may begin more), `onExit` when it ends and only what is done at once
   * still counts. In browsers `onExit` is when the page is hidden or left. The answer takes both back.
   */
  readonly atEnd: (onIdle: () => void, onExit: () => void) => () => void
  /** Hands on each line that is written to the console (or stdout and stderr), which still shows it; the answer ends that. */
  readonly captureConsole: (onLine: (line: string) => void) => () => void
  /** A sample now; null where nothing can be known. Rates are since the last sample. */
  readonly systemSample: () => SystemSample | null
  /** What the environment of a run is: program, arguments, packages, git; null where nothing can be known. */
  readonly systemParameters: () => Promise<unknown>
  /** Reads a file or lists a folder for an artifact; null in browsers. */
  readonly files: FileAccess | null
}

/** The files of the machine. */
export interface FileAccess {
  /** The file's bytes from `start` to before `end`. */
  readonly slice: (path: string, start: number, end: number) => Promise<Uint8Array>
  /** Null where there is none. */
  readonly stat: (
    path: string,
  ) => Promise<{ readonly isFolder: boolean; readonly size: number; readonly modified: number } | null>
  /** The files below a folder, as paths relative to it with `/`, sorted. */
  readonly list: (folder: string) => Promise<readonly string[]>
  /** Absolute. */
  readonly resolve: (path: string) => string
  /** The last part. */
  readonly nameOf: (path: string) => string
  /**
   * Writes what comes to a new file within the place of the spools, outside any spool, without holding it in memory. Rejects, and
   * leaves nothing, where the source fails or there is no room (`SpoolFull`). What a killed process left there and no duty
   * names is removed sometime.
   */
  readonly gather: (place: string, chunks: AsyncIterable<Uint8Array>) => Promise<LoggedFile>
  /** Removes a gathered file that no duty has taken. */
  readonly discard: (path: string) => Promise<void>
}
