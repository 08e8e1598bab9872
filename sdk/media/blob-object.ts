/** Objects whose bytes stand in the blob store: images and audios. */
import type { BlobContent, Logbook } from "../logbook.ts"
import { type ObjectKind, type ObjectOptions, objectMessage } from "./object.ts"
import { isBytes } from "./hold.ts"
import { bytesIn, filesOf, isBlob, loggedFile } from "./sources.ts"

/** Bytes of a file; or, where there are files, the path of one. */
export type Encoded = ArrayBufferView | ArrayBuffer | Blob | string

/** What the first bytes of an object tell of it. */
export interface Head {
  /** What the object says of itself beside its type and key. */
  readonly fields: Readonly<Record<string, unknown>>
  /** Of the file that it will be, without a dot. */
  readonly extension: string
  readonly contentType: string
}

/** An object whose bytes are still to be looked at. */
export interface BlobObject {
  readonly kind: ObjectKind
  readonly name: string
  readonly options: ObjectOptions
  /** Throws where the bytes are nothing of the kind. `path` is "" where they are of no file. */
  readonly head: (bytes: Uint8Array, path: string) => Head
}

/** Files up to this size are taken as they are now; a larger one is read when it is uploaded, and may not change until then. */
const mostCopied = 16 * 2 ** 20
/** What tells of a file's format stands within this. */
const headBytes = 64 * 2 ** 10

/** Logs an object with its bytes: when this returns where they are here already, else when it resolves. */
export const logBlobObject = (book: Logbook, object: BlobObject, held: unknown): Promise<void> | void => {
  if (typeof held === "string") return logFile(book, object, held)
  if (isBlob(held)) return held.arrayBuffer().then((bytes) => logBytes(book, object, new Uint8Array(bytes)))
  if (!isBytes(held)) throw new Error("it is no bytes, Blob or path of a file")
  logBytes(book, object, bytesIn(held))
}

/** As `logBlobObject`, with bytes that nobody else changes. */
export const logBytes = (book: Logbook, object: BlobObject, bytes: Uint8Array): void =>
  logDuty(book, object, object.head(bytes, ""), bytes)

const logFile = async (book: Logbook, object: BlobObject, given: string): Promise<void> => {
  const files = filesOf(book.platform)
  const path = files.resolve(given)
  const file = await loggedFile(files, path)
  const isCopied = file.size <= mostCopied
  const bytes = await files.slice(path, 0, isCopied ? file.size : headBytes)
  logDuty(book, object, object.head(bytes, path), isCopied ? bytes : { file })
}

const logDuty = (book: Logbook, { kind, name, options }: BlobObject, head: Head, content: BlobContent): void => {
  const path = blobPath(name, options.step, head.extension)
  const value = { type: kind, ...head.fields, s3_key: `${book.runId}/${path}` }
  void book.duty(objectMessage(kind, name, value, options), { path, contentType: head.contentType, content })
}

/**
 * Where the bytes are kept: below the name, as the stock client has it, but never where another object's are. Names may hold
 * what paths may not.
 */
export const blobPath = (name: string, step: number | undefined, extension: string): string => {
  const folder = String(name)
    .toWellFormed()
    .replaceAll(/[/\p{Cc}]/gu, "_")
  const unique = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("")
  return `seq/${/^\.*$/.test(folder) ? `_${folder}` : folder}/${step === undefined ? "" : `${step}-`}${unique}.${extension}`
}
