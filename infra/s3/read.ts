import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3"
import type { Blob, BlobInfo, ByteRange, ListedBlob } from "../../domain/ports/blob-store.ts"
import type { Bucket } from "./client.ts"
import { statusOf } from "./faults.ts"

/** Most keys that one answer lists, by the protocol. */
const pageSize = 1_000

export const infoOf = async ({ client, name }: Bucket, key: string, signal: AbortSignal): Promise<BlobInfo> => {
  const head = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }), { abortSignal: signal })
  return { ...described(key, head), size: head.ContentLength ?? 0 }
}

/** Fails with the server's answer; a range of no bytes, which HTTP cannot ask for, is answered without content. */
export const getObject = async (
  bucket: Bucket,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal,
): Promise<Blob> => {
  const empty = async (): Promise<Blob> => ({ ...(await infoOf(bucket, key, signal)), body: noBytes() })
  if (range?.end !== undefined && range.end <= range.start) return empty()
  const Range = range === undefined ? undefined : `bytes=${range.start}-${range.end === undefined ? "" : range.end - 1}`
  try {
    const got = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key, Range }), {
      abortSignal: signal,
    })
    const size = /\/(\d+)$/.exec(got.ContentRange ?? "")?.[1] ?? got.ContentLength ?? 0
    // Outside browsers the body is a stream of Node.
    return { ...described(key, got), size: Number(size), body: got.Body as AsyncIterable<Uint8Array> }
  } catch (cause) {
    if (statusOf(cause) === 416) return empty()
    throw cause
  }
}

export const listObjects = async (
  { client, name }: Bucket,
  prefix: string,
  limit: number,
  after: string | undefined,
  signal: AbortSignal,
): Promise<readonly ListedBlob[]> => {
  const found: ListedBlob[] = []
  for (let last = after; found.length < limit; last = found.at(-1)?.key) {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: name,
        Prefix: prefix,
        MaxKeys: Math.min(limit - found.length, pageSize),
        // Keys may hold characters that XML cannot.
        EncodingType: "url",
        ...(last === undefined ? {} : { StartAfter: last }),
      }),
      { abortSignal: signal },
    )
    found.push(...listed(page))
    if (page.IsTruncated !== true || page.Contents === undefined) break
  }
  return found
}

const listed = ({ Contents = [], EncodingType }: ListObjectsV2CommandOutput): readonly ListedBlob[] =>
  Contents.map(({ Key = "", Size = 0, LastModified }) => ({
    key: EncodingType === "url" ? decodeURIComponent(Key.replaceAll("+", " ")) : Key,
    size: Size,
    modified: seconds(LastModified),
  }))

const described = (
  key: string,
  { ContentType = "", LastModified }: { readonly ContentType?: string | undefined; readonly LastModified?: Date | undefined },
) => ({ key, contentType: ContentType, modified: seconds(LastModified) })

/** Unix seconds. */
const seconds = (time: Date | undefined): number => (time === undefined ? 0 : time.getTime() / 1_000)

async function* noBytes(): AsyncGenerator<Uint8Array> {}
