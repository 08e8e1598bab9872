import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3"
import type { UploadTerms } from "../../domain/ports/blob-store.ts"
import type { Bucket } from "./client.ts"
import { type Body, checkedParts } from "./parts.ts"

/** Most parts of one upload, by the protocol. */
const mostParts = 10_000

/** An object being stored: where, and as what. */
interface Target {
  readonly bucket: Bucket
  readonly key: string
  readonly contentType: string
  readonly signal: AbortSignal
}

/**
 * Stores an object. What fits into one part is sent as a whole; more goes up in parts, which nobody sees before all are
 * there and the terms are found kept. A failure takes them away again; what it cannot (the server is gone) is left to the
 * bucket's rule for unfinished uploads. A failure while the last request was answered may have stored the object, whole.
 */
export const putObject = async (
  target: Target,
  body: Body,
  terms: Omit<UploadTerms, "expiresInSeconds">,
  leastPartBytes: number,
): Promise<void> => {
  const partBytes = Math.max(leastPartBytes, Math.ceil((terms.maxBytes ?? 0) / mostParts))
  const parts = checkedParts(body, terms, partBytes)
  try {
    const first = (await parts.next()).value as Uint8Array
    const second = await parts.next()
    if (second.done === true) await putWhole(target, first)
    else await putInParts(target, startingWith([first, second.value], parts))
  } finally {
    await parts.return(undefined)
  }
}

const putWhole = ({ bucket, key, contentType, signal }: Target, content: Uint8Array): Promise<unknown> =>
  bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, ContentType: contentType, Body: content }), {
    abortSignal: signal,
  })

/** One part after the other, so that none can arrive after the upload was given up. */
const putInParts = async ({ bucket, key, contentType, signal }: Target, parts: AsyncIterable<Uint8Array>): Promise<void> => {
  const { client } = bucket
  const object = { Bucket: bucket.name, Key: key }
  // Parts carry checksums unless the library was told otherwise; the upload must say beforehand which.
  const hasChecksums = (await client.config.requestChecksumCalculation()) === "WHEN_SUPPORTED"
  const checksums = hasChecksums ? ({ ChecksumAlgorithm: "CRC32" } as const) : {}
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ ...object, ContentType: contentType, ...checksums }),
    { abortSignal: signal },
  )
  const upload = { ...object, UploadId }
  try {
    const done: CompletedPart[] = []
    for await (const Body of parts) {
      const PartNumber = done.length + 1
      const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body, ...checksums }), {
        abortSignal: signal,
      })
      done.push({ PartNumber, ETag, ChecksumCRC32 })
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: done } }), {
      abortSignal: signal,
    })
  } catch (cause) {
    // The first failure is the one to tell.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined)
    throw cause
  }
}

async function* startingWith<A>(first: readonly A[], rest: AsyncIterable<A>): AsyncGenerator<A> {
  yield* first
  yield* rest
}
