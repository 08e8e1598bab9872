/** Uploads of large objects in parts: one after the other, and going on where a failure stopped them. */
import type { Duty } from "../platform.ts"
import type { UploadOptions } from "./upload.ts"
import { type Content, digest, partBytes } from "./upload-content.ts"
import { wordsOf } from "./attempt.ts"
import { UploadFailed } from "./upload-failed.ts"
import { type Ask, type Put, putSigned } from "./upload-requests.ts"

interface Begun {
  readonly upload_id: string
  readonly part_bytes: number
  readonly hasChecksums: boolean
  /** What the store answered to each part, by its number from 1. */
  readonly etags: Map<number, string>
}

/** What is uploaded of the duties that are under way in this process. After its end they begin anew, and the store clears up. */
const begun = new WeakMap<Duty, Begun>()

/** Uploads content that is larger than one part; `ask` asks the gateway. Rejects with `UploadFailed`, as `uploadDuty` does. */
export const uploadParts = async (duty: Duty, content: Content, ask: Ask, options: UploadOptions): Promise<void> => {
  const terms = { run_id: options.runId, artifact_path: duty.blobPath }
  const isResumed = begun.has(duty)
  try {
    await content.check()
    const upload = begun.get(duty) ?? (await begin(duty, content, terms, ask))
    const { upload_id, part_bytes, etags } = upload
    for (let number = 1; (number - 1) * part_bytes < content.size; number++) {
      if (!etags.has(number)) etags.set(number, await part(number, upload, content, terms, ask, options))
      options.onProgress?.(Math.min(number * part_bytes, content.size), content.size)
    }
    await content.check()
    const parts = [...etags].sort(([one], [other]) => one - other).map(([number, etag]) => ({ number, etag }))
    await ask("multipart/complete", { ...terms, upload_id, parts })
    begun.delete(duty)
  } catch (cause) {
    const { retry, status } = cause instanceof UploadFailed ? cause : new UploadFailed(wordsOf(cause), true)
    // The store may have cleared up what was uploaded before (404); that is begun anew.
    if (retry && status !== 404) throw cause
    await giveUp(duty, terms, ask)
    throw isResumed && status > 0 ? new UploadFailed(wordsOf(cause), true, status) : cause
  }
}

const begin = async (duty: Duty, content: Content, terms: object, ask: Ask): Promise<Begun> => {
  const hasChecksums = globalThis.crypto?.subtle !== undefined
  const size = Math.max(partBytes, Math.ceil(content.size / 10_000))
  const plan = { content_type: duty.contentType, bytes: content.size, part_bytes: size, part_sha256: hasChecksums }
  const answer = await ask<Pick<Begun, "upload_id" | "part_bytes">>("multipart", { ...terms, ...plan })
  const upload = { ...answer, hasChecksums, etags: new Map<number, string>() }
  begun.set(duty, upload)
  return upload
}

/** Uploads one part, and answers its `ETag`. */
const part = async (
  number: number,
  { upload_id, part_bytes, hasChecksums }: Begun,
  content: Content,
  terms: object,
  ask: Ask,
  options: UploadOptions,
): Promise<string> => {
  const bytes = await content.slice((number - 1) * part_bytes, Math.min(number * part_bytes, content.size))
  const wanted = hasChecksums ? { number, sha256: await digest(bytes) } : { number }
  const sign = async (): Promise<Put> => {
    const { parts } = await ask<{ readonly parts: readonly Put[] }>("multipart/parts", { ...terms, upload_id, parts: [wanted] })
    return parts[0]!
  }
  return putSigned(options, sign, bytes, null)
}

/** What is not gone on with does not stay in the store. */
const giveUp = async (duty: Duty, terms: object, ask: Ask): Promise<void> => {
  const upload = begun.get(duty)
  begun.delete(duty)
  if (upload !== undefined) await ask("multipart/abort", { ...terms, upload_id: upload.upload_id }).catch(() => undefined)
}
