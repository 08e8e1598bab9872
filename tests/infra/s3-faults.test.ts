/** What becomes of objects when a real server dies, or an upload ends half-way. */
import { createHash } from "node:crypto"
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, PutBucketCorsCommand, S3Client } from "@aws-sdk/client-s3"
import { Effect, ManagedRuntime } from "effect"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import { type Blob, BlobNotFound, BlobStore, BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import { s3Blobs } from "../../infra/s3/blob-store.ts"
import type { S3Options } from "../../infra/s3/options.ts"
import type { S3Server } from "../support/servers/s3-process.ts"
import { s3Servers } from "../support/servers/s3.ts"
import { startVersitygw } from "../support/servers/versitygw.ts"

type Store = BlobStore["Service"]

const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)
const failure = <A, E>(effect: Effect.Effect<A, E>): Promise<E> => run(Effect.flip(effect))
const type = { contentType: "application/octet-stream" }
const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")

/** Three parts of the least size, the last smaller; no two stretches alike. */
const large = Buffer.from(Uint32Array.from({ length: 3 * 2 ** 20 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer)
const partBytes = 5 * 2 ** 20
const chunkBytes = 1_000_003
/** Before this chunk is asked for two parts have gone up. */
const afterTwoParts = 11

async function* chunksOf(content: Uint8Array, atChunk: (number: number) => Promise<void> | void = () => undefined) {
  for (let from = 0, number = 0; from < content.length; from += chunkBytes, number++) {
    await atChunk(number)
    yield content.subarray(from, from + chunkBytes)
  }
}

const bytesOf = async ({ body }: Blob): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const clientOf = ({ region, endpoint, accessKeyId, secretAccessKey }: S3Options): S3Client => {
  if (endpoint === undefined || accessKeyId === undefined || secretAccessKey === undefined) throw new Error("no server of ours")
  const client = new S3Client({ region, endpoint, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  onTestFinished(() => client.destroy())
  return client
}

const opened = (options: S3Options): Promise<Store> => {
  const runtime = ManagedRuntime.make(s3Blobs({ partBytes, ...options }))
  onTestFinished(() => runtime.dispose())
  return runtime.runPromise(BlobStore)
}

describe.each(s3Servers())("S3 faults: $name", ({ start }) => {
  let server: S3Server
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.dispose())

  const unfinished = async ({ bucket, ...options }: S3Options): Promise<number> =>
    (await clientOf({ bucket, ...options }).send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads?.length ?? 0

  test("a large object goes up in parts, and comes back as it was, whole and by ranges", async () => {
    const store = await opened(server.options())
    const terms = { ...type, sha256: sha256(large), maxBytes: large.length }
    expect(await run(store.put("run/large", chunksOf(large), terms))).toMatchObject({ size: large.length, ...type })
    expect(sha256(await bytesOf(await run(store.get("run/large"))))).toBe(sha256(large))
    const [start, end] = [partBytes - 3, partBytes + 3]
    const part = await run(store.get("run/large", { start, end }))
    expect(part.size).toBe(large.length)
    expect(await bytesOf(part)).toEqual(large.subarray(start, end))
  })

  test("a large object that breaks its terms, or breaks off, leaves nothing: no object, no part", async () => {
    const options = server.options()
    const store = await opened(options)
    await run(store.put("k", Buffer.from("before"), type))
    const broken = chunksOf(large, (number) => {
      if (number === afterTwoParts) throw new Error("connection lost")
    })
    expect(await failure(store.put("k", chunksOf(large), { ...type, sha256: sha256(Buffer.from("other")) }))).toMatchObject({
      reason: "checksum",
    })
    expect(await failure(store.put("k", chunksOf(large), { ...type, maxBytes: large.length - 1 }))).toMatchObject({
      reason: "too-large",
    })
    expect(await failure(store.put("k", broken, type))).toMatchObject({ message: expect.stringContaining("connection lost") })
    expect((await bytesOf(await run(store.get("k")))).toString()).toBe("before")
    expect(await unfinished(options)).toBe(0)
  })

  test("a server killed while parts go up has stored nothing, and takes the object once it is back", async () => {
    const options = server.options({ attempts: 1 })
    const store = await opened(options)
    const body = chunksOf(large, async (number) => {
      if (number === afterTwoParts) await server.kill()
    })
    const fault = await failure(store.put("run/large", body, type))
    expect(fault).toBeInstanceOf(BlobStoreUnavailable)
    expect(fault.message).toContain("check S3_ENDPOINT")
    expect(await failure(store.check)).toBeInstanceOf(BlobStoreUnavailable)
    await server.restart()
    await run(store.check)
    expect(await failure(store.info("run/large"))).toBeInstanceOf(BlobNotFound)
    await run(store.put("run/large", chunksOf(large), { ...type, sha256: sha256(large) }))
    expect((await run(store.info("run/large"))).size).toBe(large.length)
  })

  test("what an upload left when the server went away can be seen and taken away", async () => {
    const options = server.options({ attempts: 1 })
    const store = await opened(options)
    const body = chunksOf(large, async (number) => {
      if (number === afterTwoParts) await server.kill()
    })
    await failure(store.put("k", body, type))
    await server.restart()
    // The bucket's rule for unfinished uploads does this; docs/s3.md says how to set it.
    const client = clientOf(options)
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: options.bucket }))
    expect(Uploads).toHaveLength(1)
    for (const { Key, UploadId } of Uploads)
      await client.send(new AbortMultipartUploadCommand({ Bucket: options.bucket, Key, UploadId }))
    expect(await unfinished(options)).toBe(0)
  })

  test("more objects than one request lists or deletes are listed in order, and all deleted", async () => {
    const store = await opened(server.options())
    const keys = Array.from({ length: 1_105 }, (_, i) => `run/${String(i).padStart(5, "0")}`)
    const body = Buffer.from("x")
    await run(Effect.forEach(keys, (key) => store.put(key, body, type), { concurrency: 16, discard: true }))
    expect((await run(store.list("run/", 5_000))).map(({ key }) => key)).toEqual(keys)
    expect((await run(store.list("run/", 1_050, keys[10]))).map(({ key }) => key)).toEqual(keys.slice(11, 1_061))
    expect(await run(store.remove(keys))).toBe(keys.length)
    expect(await run(store.list("", 10))).toEqual([])
  })

  test("a start without its bucket fails and says what to do, unless the bucket is to be made", async () => {
    const options = server.options({ createBucket: false })
    const fault = await failure(Effect.scoped(Effect.provide(BlobStore, s3Blobs(options))))
    expect(fault.message).toMatch(/NoSuchBucket: .*; make the bucket, set S3_BUCKET/)
    await run((await opened({ ...options, createBucket: true })).check)
    await run((await opened(options)).check)
  })

  test.each([
    ["key", { accessKeyId: "stranger" }],
    ["secret", { secretAccessKey: "wrong" }],
  ])("a start with a wrong %s fails and says what to check", async (_, wrong) => {
    const fault = await failure(Effect.scoped(Effect.provide(BlobStore, s3Blobs(server.options(wrong)))))
    expect(fault).toBeInstanceOf(BlobStoreUnavailable)
    expect(fault.message).toContain("check S3_ACCESS_KEY, S3_SECRET_KEY")
  })

  test("several processes that start at once make one bucket", async () => {
    const options = server.options()
    const stores = await Promise.all(Array.from({ length: 5 }, () => opened(options)))
    for (const store of stores) await run(store.check)
  })
})

describe.runIf(s3Servers().some(({ name }) => name === "versitygw"))("S3 in browsers", () => {
  test("a web page of an origin that the bucket names may upload by a signed address and read the ETag, no other", async () => {
    const server = await startVersitygw()
    onTestFinished(() => server.dispose())
    const options = server.options()
    const store = await opened(options)
    const rule = {
      AllowedOrigins: ["http://ui.example"],
      AllowedMethods: ["GET", "PUT"],
      AllowedHeaders: ["*"],
      ExposeHeaders: ["ETag"],
    }
    const CORSConfiguration = { CORSRules: [rule] }
    await clientOf(options).send(new PutBucketCorsCommand({ Bucket: options.bucket, CORSConfiguration }))
    const { url } = await run(store.signUpload("k", { contentType: "image/png", expiresInSeconds: 60 }))
    const asked = (origin: string) =>
      fetch(url, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "PUT",
          "access-control-request-headers": "content-type",
        },
      })
    const allowed = await asked("http://ui.example")
    expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([200, "http://ui.example"])
    expect(allowed.headers.get("access-control-allow-methods")).toContain("PUT")
    expect((await asked("http://other.example")).status).toBe(403)
    const key = "large"
    const id = await run(store.parts.begin(key, { ...type, bytes: 1, partBytes, hasChecksums: true }))
    const content = Buffer.from("x")
    const part = await run(store.parts.sign({ key, id }, { number: 1, expiresInSeconds: 60, sha256: sha256(content) }))
    const headers = { origin: "http://ui.example", ...part.headers }
    const put = await fetch(part.url, { method: "PUT", headers, body: content })
    expect(put.status).toBe(200)
    expect(put.headers.get("access-control-expose-headers")?.toLowerCase().split(", ")).toContain("etag")
  })
})
