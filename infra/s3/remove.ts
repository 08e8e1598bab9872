import { DeleteObjectCommand, DeleteObjectsCommand, type _Error as DeleteError } from "@aws-sdk/client-s3"
import { BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import type { Bucket } from "./client.ts"
import { isNotFound, isOurs, knowsNoBatches } from "./faults.ts"

/** Most keys of one request, by the protocol. */
const batchSize = 1_000

/**
 * Deletes all that can be, and then fails if any could not. The server does not tell keys that were not there from
 * deleted ones, so both count.
 */
export const removeObjects = async (bucket: Bucket, keys: readonly string[], signal: AbortSignal): Promise<number> => {
  const failed: DeleteError[] = []
  for (let from = 0; from < keys.length; from += batchSize)
    failed.push(...(await removeBatch(bucket, keys.slice(from, from + batchSize), signal)))
  const [first] = failed
  if (first === undefined) return keys.length
  throw new BlobStoreUnavailable({
    message:
      `${failed.length} of ${keys.length} objects of bucket ${bucket.name} could not be deleted, ` +
      `the first ${first.Key ?? ""}: ${first.Code ?? ""} ${first.Message ?? ""}`,
    cause: failed,
  })
}

const removeBatch = async (bucket: Bucket, keys: readonly string[], signal: AbortSignal): Promise<readonly DeleteError[]> => {
  const Objects = keys.map((Key) => ({ Key }))
  const command = new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects, Quiet: true } })
  try {
    return (await bucket.client.send(command, { abortSignal: signal })).Errors ?? []
  } catch (cause) {
    if (knowsNoBatches(cause)) return removeEach(bucket, keys, signal)
    throw cause
  }
}

/** For servers that have no batches, or want them with checksums that the client library no longer makes. */
const removeEach = async (
  { client, name }: Bucket,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly DeleteError[]> => {
  const failed: DeleteError[] = []
  for (const Key of keys)
    await client.send(new DeleteObjectCommand({ Bucket: name, Key }), { abortSignal: signal }).catch((cause: unknown) => {
      if (isNotFound(cause)) return
      if (!isOurs(cause) || !(cause instanceof Error)) throw cause
      failed.push({ Key, Code: cause.name, Message: cause.message })
    })
  return failed
}
