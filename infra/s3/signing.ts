import { GetObjectCommand, PutObjectCommand, type S3Client, UploadPartCommand } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import type { PartTerms, Upload, UploadTerms } from "../../domain/ports/blob-store.ts"

/** The longest time that a signature holds, by the protocol: a week. */
const longestSeconds = 604_800

/**
 * Signs method, key, time, type and checksum: the upload is taken only with these. Whatever client uploads sends the type
 * by itself; the checksum travels in a header of its own, which is given back.
 */
export const signedUpload = async (
  signer: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  { contentType, expiresInSeconds, sha256 }: UploadTerms,
): Promise<Upload> => {
  const checksum = checksumOf(sha256)
  const url = await getSignedUrl(
    signer,
    new PutObjectCommand({
      ...object,
      ContentType: contentType,
      ...(checksum === undefined ? {} : { ChecksumSHA256: checksum }),
    }),
    {
      ...lasting(expiresInSeconds),
      signableHeaders: new Set(["host", "content-type", checksumHeader]),
      unhoistableHeaders: new Set([checksumHeader]),
    },
  )
  return { url, headers: checksum === undefined ? null : { [checksumHeader]: checksum } }
}

/** Signs the part, its size, which whatever client uploads sends by itself, and its checksum, which is given back. */
export const signedPart = async (
  signer: S3Client,
  part: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  { number, expiresInSeconds, sha256 }: PartTerms,
  bytes: number,
): Promise<Upload> => {
  const checksum = checksumOf(sha256)
  const checksums = checksum === undefined ? {} : { ChecksumSHA256: checksum }
  const url = await getSignedUrl(
    signer,
    new UploadPartCommand({ ...part, PartNumber: number, ContentLength: bytes, ...checksums }),
    {
      ...lasting(expiresInSeconds),
      signableHeaders: new Set(["host", "content-length", checksumHeader]),
      unhoistableHeaders: new Set([checksumHeader]),
    },
  )
  return { url, headers: checksum === undefined ? null : { [checksumHeader]: checksum } }
}

/** Users' files are to be saved, never shown in the name of the server that has them. */
export const signedDownload = (
  signer: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  expiresInSeconds: number,
): Promise<string> =>
  getSignedUrl(signer, new GetObjectCommand({ ...object, ResponseContentDisposition: "attachment" }), lasting(expiresInSeconds))

const checksumOf = (sha256: string | undefined): string | undefined =>
  sha256 === undefined ? undefined : Buffer.from(sha256, "hex").toString("base64")

const checksumHeader = "x-amz-checksum-sha256"

/** A time that is over is signed as one that began and ended before. */
const lasting = (seconds: number): { readonly expiresIn: number; readonly signingDate?: Date } =>
  seconds >= 1
    ? { expiresIn: Math.min(Math.ceil(seconds), longestSeconds) }
    : { expiresIn: 1, signingDate: new Date(Date.now() + (seconds - 2) * 1_000) }
