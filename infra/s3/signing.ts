import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3"
import { getSignedUrl } from "@aws-sdk/s3-request-presigner"
import type { Upload, UploadTerms } from "../../domain/ports/blob-store.ts"

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
  const checksum = sha256 === undefined ? undefined : Buffer.from(sha256, "hex").toString("base64")
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

/** Users' files are to be saved, never shown in the name of the server that has them. */
export const signedDownload = (
  signer: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  expiresInSeconds: number,
): Promise<string> =>
  getSignedUrl(signer, new GetObjectCommand({ ...object, ResponseContentDisposition: "attachment" }), lasting(expiresInSeconds))

const checksumHeader = "x-amz-checksum-sha256"

/** A time that is over is signed as one that began and ended before. */
const lasting = (seconds: number): { readonly expiresIn: number; readonly signingDate?: Date } =>
  seconds >= 1
    ? { expiresIn: Math.min(Math.ceil(seconds), longestSeconds) }
    : { expiresIn: 1, signingDate: new Date(Date.now() + (seconds - 2) * 1_000) }
