/** Brings the bytes of a duty to the blob store, by addresses that the ingestion gateway signs. */
import type { Duty, FileAccess, Spool } from "../platform.ts"
import { contentOf, digest, partBytes } from "./upload-content.ts"
import { UploadFailed } from "./upload-failed.ts"
import { uploadParts } from "./upload-parts.ts"
import { asker, type Put, putSigned } from "./upload-requests.ts"

/** Where a duty is uploaded, and what it is uploaded with. */
export interface UploadOptions {
  /** Of the ingestion gateway. */
  readonly url: string
  readonly runId: string
  readonly files: FileAccess | null
  readonly fetch?: typeof fetch
  readonly signal?: AbortSignal
  /** Told after each part. */
  readonly onProgress?: (uploaded: number, size: number) => void
}

/**
 * Uploads what a duty names; done again it replaces the same bytes. Rejects with `UploadFailed`, whose `retry` says whether
 * trying later may help. Called again with the same duty it goes on with the parts that are missing.
 */
export const uploadDuty = async (duty: Duty, spool: Spool, options: UploadOptions): Promise<void> => {
  // Such a header can never be sent, which would pass for a server that is away.
  if (!/^[\x20-\x7e]{1,256}$/.test(duty.contentType)) throw new UploadFailed(`${duty.contentType} is no content type`, false)
  const content = await contentOf(duty, spool, options.files)
  const ask = asker(options)
  if (content.size > partBytes) return uploadParts(duty, content, ask, options)
  await content.check()
  const bytes = await content.slice(0, content.size)
  await content.check()
  const sha256 = await digest(bytes)
  const terms = { run_id: options.runId, artifact_path: duty.blobPath, content_type: duty.contentType }
  const sign = (): Promise<Put> => ask<Put>("presign", sha256 === null ? terms : { ...terms, sha256 })
  await putSigned(options, sign, bytes, duty.contentType)
  options.onProgress?.(content.size, content.size)
}
