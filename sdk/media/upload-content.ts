/** The bytes of a duty, read as they are uploaded. */
import type { Duty, FileAccess, LoggedFile, Spool } from "../platform.ts"
import { wordsOf } from "./attempt.ts"
import { UploadFailed } from "./upload-failed.ts"

/** What is uploaded: so many bytes, of which some are read at a time. */
export interface Content {
  readonly size: number
  readonly slice: (start: number, end: number) => Promise<Uint8Array<ArrayBuffer>>
  /** Rejects where the bytes are no longer those that were logged. */
  readonly check: () => Promise<void>
}

/** Most bytes that are uploaded, and held in memory, at once; what is larger goes in parts of this size. */
export const partBytes = 16 * 2 ** 20

/** The bytes of a duty: those that the spool keeps, or those of its file. */
export const contentOf = async (duty: Duty, spool: Spool, files: FileAccess | null): Promise<Content> =>
  duty.file === null ? keptContent(duty, spool) : fileContent(duty.file, files)

/** The bytes that the spool keeps. */
const keptContent = async (duty: Duty, spool: Spool): Promise<Content> => {
  const lost = (cause: unknown): never => {
    throw new UploadFailed(`the spool has lost its bytes: ${wordsOf(cause)}`, false)
  }
  const blob = await spool.blobOf(duty).catch(lost)
  return {
    size: blob.size,
    slice: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer().catch(lost)),
    check: () => Promise.resolve(),
  }
}

/** The bytes of a file of the user's, as long as it is the one that was logged. */
const fileContent = ({ path, size, modified }: LoggedFile, files: FileAccess | null): Content => {
  if (files === null) throw new UploadFailed(`${path} cannot be read here`, false)
  const changed = (): never => {
    throw new UploadFailed(`${path} was changed or removed after it was logged`, false)
  }
  const unread = (cause: unknown): never => {
    throw new UploadFailed(`${path} cannot be read: ${wordsOf(cause)}`, true)
  }
  return {
    size,
    check: async () => {
      const found = await files.stat(path).catch(unread)
      if (found === null || found.size !== size || found.modified !== modified) changed()
    },
    slice: async (start, end) => {
      const bytes = await files.slice(path, start, end).catch(unread)
      return bytes.length === end - start ? new Uint8Array(bytes) : changed()
    },
  }
}

/** SHA-256, hexadecimal; null where there is no WebCrypto (a page that is not served securely). */
export const digest = async (bytes: Uint8Array<ArrayBuffer>): Promise<string | null> => {
  if (globalThis.crypto?.subtle === undefined) return null
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")
}
