import { DeleteObjectsCommand, type _Error as DeleteError } from "@aws-sdk/client-s3"
import { BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import type { Bucket } from "./client.ts"

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

const removeBatch = async (
  { client, name }: Bucket,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly DeleteError[]> => {
  const Objects = keys.map((Key) => ({ Key }))
  const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket: name, Delete: { Objects, Quiet: true } }), {
    abortSignal: signal,
  })
  return Errors
}
