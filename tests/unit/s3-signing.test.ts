/** What stands in the addresses that the S3 blob store signs, and which keys it takes. */
import { Effect } from "effect"
import { expect, test } from "vitest"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { s3Blobs } from "../../infra/s3/blob-store.ts"
import { signerOf } from "../../infra/s3/client.ts"
import type { S3Options } from "../../infra/s3/options.ts"
import { signedDownload, signedPart } from "../../infra/s3/signing.ts"
import { emptyListing, scriptedS3 } from "../support/scripted-s3.ts"

const withStore = async <A, E>(use: (store: BlobStore["Service"]) => Effect.Effect<A, E>, more: Partial<S3Options> = {}) => {
  const options = await scriptedS3((_, response) => response.end(emptyListing))
  return Effect.runPromise(Effect.scoped(Effect.provide(Effect.flatMap(BlobStore, use), s3Blobs({ ...options, ...more }))))
}
const terms = { contentType: "image/png", expiresInSeconds: 3_600 }
const content = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

test("an upload is signed as the stock client makes it: with its type, and no header of ours", async () => {
  const { url, headers } = await withStore((store) => store.signUpload("run/seq/img a/0.png", terms))
  expect(headers).toBeNull()
  const { pathname, searchParams } = new URL(url)
  expect(pathname).toBe("/bucket/run/seq/img%20a/0.png")
  expect(searchParams.get("X-Amz-SignedHeaders")).toBe("content-type;host")
  expect(searchParams.get("X-Amz-Expires")).toBe("3600")
  expect(searchParams.get("X-Amz-Credential")).toMatch(/^key\/\d{8}\/us-east-1\/s3\/aws4_request$/)
  // The checksum of an empty body would refuse every other.
  expect(url.toLowerCase()).not.toContain("checksum")
  expect(url.toLowerCase()).not.toContain("crc32")
})

test("a checksum is signed as a header, which is given back", async () => {
  const { url, headers } = await withStore((store) => store.signUpload("k", { ...terms, sha256: content }))
  expect(headers).toEqual({ "x-amz-checksum-sha256": Buffer.from(content, "hex").toString("base64") })
  expect(new URL(url).searchParams.get("X-Amz-SignedHeaders")).toBe("content-type;host;x-amz-checksum-sha256")
})

test("a part is signed with its number, its upload, its size and its checksum", async () => {
  const options = await scriptedS3((_, response) => response.end(emptyListing))
  const part = { Bucket: "bucket", Key: "run/a b", UploadId: "id/1" }
  const asked = { number: 7, expiresInSeconds: 60 }
  const { url, headers } = await signedPart(signerOf(options), part, { ...asked, sha256: content }, 5_000_000)
  expect(headers).toEqual({ "x-amz-checksum-sha256": Buffer.from(content, "hex").toString("base64") })
  const { pathname, searchParams } = new URL(url)
  expect([pathname, searchParams.get("partNumber"), searchParams.get("uploadId")]).toEqual(["/bucket/run/a%20b", "7", "id/1"])
  expect(searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;host;x-amz-checksum-sha256")
  const bare = await signedPart(signerOf(options), part, asked, 5_000_000)
  expect([bare.headers, new URL(bare.url).searchParams.get("X-Amz-SignedHeaders")]).toEqual([null, "content-length;host"])
  expect(bare.url.toLowerCase()).not.toMatch(/checksum|crc32/)
})

test("addresses name the server as clients reach it", async () => {
  const publicEndpoint = "https://objects.example.org:9443"
  const [upload, download] = await withStore((store) => Effect.all([store.signUpload("k", terms), store.signDownload("k", 60)]), {
    publicEndpoint,
  })
  for (const url of [upload.url, download]) expect(url).toMatch(/^https:\/\/objects\.example\.org:9443\/bucket\/k\?/)
})

test("without an endpoint of one's own the cloud's is named, with the bucket as its host", async () => {
  const cloud = { bucket: "matyan-artifacts", region: "eu-central-1", accessKeyId: "key", secretAccessKey: "secret" }
  const url = await signedDownload(signerOf(cloud), { Bucket: cloud.bucket, Key: "k" }, 60)
  expect(url).toMatch(/^https:\/\/matyan-artifacts\.s3\.eu-central-1\.amazonaws\.com\/k\?/)
})

test("a download is saved, not shown, by whoever follows it", async () => {
  const url = await withStore((store) => store.signDownload("k", 60))
  expect(new URL(url).searchParams.get("response-content-disposition")).toBe("attachment")
})

test("no address holds for longer than the protocol allows", async () => {
  const { url } = await withStore((store) => store.signUpload("k", { ...terms, expiresInSeconds: 1e9 }))
  expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("604800")
})

test.each(["", "x".repeat(1_025), "lone \ud800", "run/../other/k", "run/./k", "..", "run/.."])(
  "a key that cannot be one object's address is refused: %j",
  async (key) => {
    expect(await withStore((store) => Effect.flip(store.signUpload(key, terms)))).toMatchObject({ reason: "key" })
    expect(await withStore((store) => Effect.flip(store.put(key, Buffer.from("x"), terms)))).toMatchObject({ reason: "key" })
  },
)

test("a key of the greatest length is signed", async () => {
  const key = `run/${"é".repeat(510)}`
  expect(decodeURI(new URL((await withStore((store) => store.signUpload(key, terms))).url).pathname)).toContain(key)
})
