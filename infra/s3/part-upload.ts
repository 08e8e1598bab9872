/**
 * Uploads in parts that clients make. An id of ours holds what the server does not tell later: what was planned, and a mark
 * that the object bears once it is made. It is not signed: whoever changes it plans what he could have begun, and what comes
 * is held to it and to the gateway's bound.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type Part,
} from "@aws-sdk/client-s3"
import { createHash, randomBytes } from "node:crypto"
import { partsProblem, unquoted } from "../../domain/part-plan.ts"
import {
  type BlobInfo,
  type PartPlan,
  type PartUpload,
  type UnfinishedUpload,
  type UploadedPart,
  UploadRefused,
} from "../../domain/ports/blob-store.ts"
import type { Bucket } from "./client.ts"
import { isNotFound, isNoUpload, isWrongParts } from "./faults.ts"
import { infoOf } from "./read.ts"

/** What an id says. */
export interface Planned extends Omit<PartPlan, "contentType"> {
  /** The server's own id. */
  readonly uploadId: string
  /** 32 hexadecimal digits that nobody guesses; the object's metadata has them. */
  readonly mark: string
}

const markName = "matyan-upload"

export const beginParts = async (bucket: Bucket, key: string, plan: PartPlan, signal: AbortSignal): Promise<string> => {
  const mark = randomBytes(16).toString("hex")
  // Servers that know no checksums in headers are told of none; the parts' own headers they do not look at.
  const knowsChecksums = (await bucket.client.config.requestChecksumCalculation()) === "WHEN_SUPPORTED"
  const { UploadId = "" } = await bucket.client.send(
    new CreateMultipartUploadCommand({
      Bucket: bucket.name,
      Key: key,
      ContentType: plan.contentType,
      Metadata: { [markName]: mark },
      ...(plan.hasChecksums && knowsChecksums ? { ChecksumAlgorithm: "SHA256" } : {}),
    }),
    { abortSignal: signal },
  )
  const { bytes, partBytes, hasChecksums } = plan
  return Buffer.from(JSON.stringify([bytes, partBytes, hasChecksums, mark, UploadId, signOf(key)])).toString("base64url")
}

/** What an id of ours says; refuses any other, and one of another key. */
export const planned = ({ key, id }: PartUpload): Planned => {
  try {
    const [bytes, partBytes, hasChecksums, mark, uploadId, sign] = JSON.parse(
      Buffer.from(id, "base64url").toString(),
    ) as unknown[]
    const isOurs = isCount(bytes) && isCount(partBytes) && typeof hasChecksums === "boolean" && isText(mark) && isText(uploadId)
    // Not every server looks whether the key is the upload's.
    if (isOurs && sign === signOf(key)) return { bytes, partBytes, hasChecksums, mark, uploadId }
  } catch {
    // It is refused as one of another form is.
  }
  throw ended()
}

/** Asks the server which parts there are, since what the client says of their sizes is worth nothing. */
export const completeParts = async (
  bucket: Bucket,
  upload: PartUpload,
  named: readonly UploadedPart[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<BlobInfo> => {
  const plan = planned(upload)
  const target = { Bucket: bucket.name, Key: upload.key, UploadId: plan.uploadId }
  try {
    const kept = await keptParts(bucket, target, signal)
    // Some servers say of an upload that has ended that it has no parts.
    if (kept.size === 0 && (await isMadeBy(bucket, upload.key, plan.mark, signal))) return infoOf(bucket, upload.key, signal)
    const problem = plan.bytes > maxBytes ? `at most ${maxBytes} bytes are stored` : partsProblem(plan, named, kept)
    if (problem !== null) throw new UploadRefused({ message: problem, reason: "parts" })
    const Parts = named.map(({ number }) => kept.get(number)!.completed)
    await bucket.client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } }), {
      abortSignal: signal,
    })
  } catch (cause) {
    if (isWrongParts(cause)) throw new UploadRefused({ message: "the parts are not those that are there", reason: "parts" })
    if (!isNoUpload(cause)) throw cause
    if (!(await isMadeBy(bucket, upload.key, plan.mark, signal))) throw ended()
  }
  return infoOf(bucket, upload.key, signal)
}

export const abortParts = async (bucket: Bucket, upload: PartUpload, signal: AbortSignal): Promise<void> => {
  const target = { Bucket: bucket.name, Key: upload.key, UploadId: serversId(upload) }
  const command = new AbortMultipartUploadCommand(target)
  await bucket.client.send(command, { abortSignal: signal }).catch((cause: unknown) => {
    if (!isNoUpload(cause)) throw cause
  })
}

/** Under the server's own ids: nobody can tell what was planned for them, and to give them up nobody must. */
export const unfinishedParts = async (
  { client, name }: Bucket,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly UnfinishedUpload[]> => {
  const found: UnfinishedUpload[] = []
  for (let at: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | null = {}; at !== null;) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({ Bucket: name, Prefix: prefix, ...at })
    const page = await client.send(command, { abortSignal: signal })
    for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
      // Some servers list what has no time; it is taken for new.
      if (Key?.startsWith(prefix) === true && UploadId !== undefined)
        found.push({ key: Key, id: `${serversOwn}${UploadId}`, begun: (Initiated?.getTime() ?? Date.now()) / 1_000 })
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page
    at = IsTruncated === true && NextKeyMarker !== undefined ? { KeyMarker: NextKeyMarker, ...marker(NextUploadIdMarker) } : null
  }
  return found
}

const marker = (id: string | undefined) => (id === undefined ? {} : { UploadIdMarker: id })

/** No base64url has it. */
const serversOwn = "="

const serversId = (upload: PartUpload): string =>
  upload.id.startsWith(serversOwn) ? upload.id.slice(serversOwn.length) : planned(upload).uploadId

/** By which an id knows its key. */
const signOf = (key: string): string => createHash("sha256").update(key).digest("base64url").slice(0, 16)

const ended = (): UploadRefused => new UploadRefused({ message: "there is no such unfinished upload", reason: "upload" })

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

interface KeptPart {
  readonly etag: string
  readonly bytes: number
  /** As the server wants it named. */
  readonly completed: Pick<Part, "PartNumber" | "ETag" | "ChecksumSHA256">
}

const keptParts = async (
  { client }: Bucket,
  target: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  signal: AbortSignal,
): Promise<ReadonlyMap<number, KeptPart>> => {
  const kept = new Map<number, KeptPart>()
  for (let after: string | undefined = "0"; after !== undefined;) {
    const command: ListPartsCommand = new ListPartsCommand({ ...target, PartNumberMarker: after })
    const { Parts = [], IsTruncated, NextPartNumberMarker } = await client.send(command, { abortSignal: signal })
    for (const { PartNumber = 0, ETag = "", Size = 0, ChecksumSHA256 } of Parts)
      kept.set(PartNumber, { etag: unquoted(ETag), bytes: Size, completed: { PartNumber, ETag, ChecksumSHA256 } })
    after = IsTruncated === true && NextPartNumberMarker !== after ? NextPartNumberMarker : undefined
  }
  return kept
}

/** Whether the object of the key is the one that an upload made: it bears its mark. */
const isMadeBy = async ({ client, name }: Bucket, key: string, mark: string, signal: AbortSignal): Promise<boolean> => {
  const asked = client.send(new HeadObjectCommand({ Bucket: name, Key: key }), { abortSignal: signal })
  const head = await asked.catch((cause: unknown) => {
    if (isNotFound(cause)) return undefined
    throw cause
  })
  return head?.Metadata?.[markName] === mark
}
