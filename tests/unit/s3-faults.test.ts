/** What the S3 blob store does when the server fails, and what it says then. */
import type { ServerResponse } from "node:http"
import { Effect, Fiber, ManagedRuntime } from "effect"
import { expect, onTestFinished, test, vi } from "vitest"
import { type Blob, BlobStore, BlobStoreUnavailable } from "../../domain/ports/blob-store.ts"
import { s3Blobs } from "../../infra/s3/blob-store.ts"
import type { S3Options } from "../../infra/s3/options.ts"
import { emptyListing, faultXml, type S3Request, scriptedS3 } from "../support/scripted-s3.ts"

type Store = BlobStore["Service"]

const type = { contentType: "text/plain" }
const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromise(effect)
const failure = <A, E>(effect: Effect.Effect<A, E>): Promise<E> => run(Effect.flip(effect))

const opened = (options: S3Options): Promise<Store> => {
  const runtime = ManagedRuntime.make(s3Blobs(options))
  onTestFinished(() => runtime.dispose())
  return runtime.runPromise(BlobStore)
}

/** Answers listings, so that the start finds its bucket; the rest is the test's. */
const openedOn = async (
  answer: (request: S3Request, response: ServerResponse) => void,
  more: Partial<S3Options> = {},
): Promise<Store> => {
  const options = await scriptedS3((request, response) => {
    if (request.method === "GET" && request.target.includes("list-type=2")) response.end(emptyListing)
    else answer(request, response)
  })
  return opened({ ...options, ...more })
}

const contentOf = async ({ body }: Blob): Promise<number> => {
  let size = 0
  for await (const chunk of body) size += chunk.length
  return size
}

const uploadXml = '<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>'
const completedXml = '<?xml version="1.0"?><CompleteMultipartUploadResult><Key>large</Key></CompleteMultipartUploadResult>'

/** So short that a test need not wait; no test asks how long it took. */
const impatient = { attempts: 1, timeouts: { idle: 100, check: 100 } }

test("a start without the server goes on, and every request says what to check", async () => {
  const nowhere = { endpoint: "http://127.0.0.1:1", accessKeyId: "key", secretAccessKey: "secret" }
  const store = await opened({ bucket: "b", region: "us-east-1", ...nowhere, attempts: 1 })
  const requests: readonly Effect.Effect<unknown, unknown>[] = [
    store.check,
    store.put("k", Buffer.from("x"), type),
    store.get("k"),
    store.info("k"),
    store.list("", 10),
    store.remove(["k"]),
  ]
  for (const request of requests) {
    const fault = await failure(request)
    expect(fault).toBeInstanceOf(BlobStoreUnavailable)
    expect((fault as BlobStoreUnavailable).message).toMatch(/bucket b at http:\/\/127\.0\.0\.1:1 .*check S3_ENDPOINT/)
  }
})

test("addresses are signed while the server is away", async () => {
  const nowhere = { endpoint: "http://127.0.0.1:1", accessKeyId: "key", secretAccessKey: "secret" }
  const store = await opened({ bucket: "b", region: "us-east-1", ...nowhere, attempts: 1 })
  expect((await run(store.signUpload("k", { ...type, expiresInSeconds: 60 }))).url).toMatch(/^http:\/\/127\.0\.0\.1:1\/b\/k\?/)
})

test("a server that takes a request and never answers holds nobody for ever", async () => {
  const store = await openedOn(() => undefined, impatient)
  for (const request of [store.info("k"), store.put("k", Buffer.from("x"), type), store.remove(["k"])])
    expect(await failure(request as Effect.Effect<unknown, unknown>)).toMatchObject({
      message: expect.stringContaining("TimeoutError"),
    })
})

test("the check of a silent server ends, and says so", async () => {
  const options = await scriptedS3(() => undefined)
  const store = await opened({ ...options, ...impatient, timeouts: { check: 100 } })
  expect(await failure(store.check)).toMatchObject({
    message: expect.stringMatching(/no answer within 100 ms; check S3_ENDPOINT/),
  })
})

test("content that stops half-way fails its reader", async () => {
  const store = await openedOn((_, response) => {
    response.writeHead(200, { "content-length": "1000", "content-type": "text/plain" })
    response.write("half")
  }, impatient)
  const blob = await run(store.get("k"))
  expect(blob.size).toBe(1000)
  await expect(contentOf(blob)).rejects.toThrow("timed out")
})

test("content whose connection breaks fails its reader", async () => {
  const store = await openedOn((_, response) => {
    response.writeHead(200, { "content-length": "1000" })
    response.write("half", () => response.destroy())
  })
  await expect(contentOf(await run(store.get("k")))).rejects.toThrow()
})

test("content that is not what its checksum says fails its reader", async () => {
  const store = await openedOn((_, response) => {
    response.writeHead(200, { "content-length": "7", "x-amz-checksum-crc32": "AAAAAA==" })
    response.end("content")
  })
  await expect(contentOf(await run(store.get("k")))).rejects.toThrow("Checksum mismatch")
})

test("whoever stops waiting lets go of the connection", async () => {
  const asked = Promise.withResolvers<S3Request>()
  const store = await openedOn((request) => asked.resolve(request))
  const waiting = Effect.runFork(store.info("k"))
  const { closed } = await asked.promise
  await run(Fiber.interrupt(waiting))
  await closed
})

test("a reader that stops early lets go of the connection", async () => {
  const asked = Promise.withResolvers<S3Request>()
  const store = await openedOn((request, response) => {
    response.writeHead(200, { "content-length": "1000000" })
    response.write("begin")
    asked.resolve(request)
  })
  for await (const chunk of (await run(store.get("k"))).body) {
    expect(Buffer.from(chunk).toString()).toBe("begin")
    break
  }
  await (
    await asked.promise
  ).closed
})

test("a server that fails is asked again, and given up after the tries allowed", async () => {
  let refusals = 2
  let asked = 0
  const store = await openedOn((_, response) => {
    asked++
    if (refusals-- > 0) response.writeHead(500).end(faultXml("InternalError", "Not now"))
    else response.writeHead(200, { "content-length": "3" }).end()
  })
  expect((await run(store.info("k"))).size).toBe(3)
  refusals = Infinity
  asked = 0
  expect(await failure(store.remove(["k"]))).toMatchObject({ message: expect.stringContaining("Not now") })
  expect(asked).toBe(3)
})

test("a deletion of which some objects fail deletes the others, and says how many and why", async () => {
  const batches: number[] = []
  const store = await openedOn(({ target, body }, response) => {
    expect(target).toMatch(/^\/bucket\/\?delete/)
    batches.push(body.match(/<Object>/g)?.length ?? 0)
    const error = "<Error><Key>k0</Key><Code>AccessDenied</Code><Message>Object is locked</Message></Error>"
    response.end(`<?xml version="1.0"?><DeleteResult>${batches.length === 1 ? error : ""}</DeleteResult>`)
  })
  const keys = Array.from({ length: 2_500 }, (_, i) => `k${i}`)
  const fault = await failure(store.remove(keys))
  expect(fault).toBeInstanceOf(BlobStoreUnavailable)
  expect(fault.message).toMatch(/^1 of 2500 objects .* k0: AccessDenied Object is locked$/)
  expect(batches).toEqual([1_000, 1_000, 500])
})

test.each([
  [501, "NotImplemented"],
  [400, "MissingContentMD5"],
  // What a batch with one key that XML cannot hold is to the cloud.
  [400, "MalformedXML"],
])("a server that has no such batches (%i %s) is asked object by object", async (status, code) => {
  const store = await openedOn(({ method, target }, response) => {
    if (method === "POST") response.writeHead(status).end(faultXml(code, "Not so"))
    else if (target.startsWith("/bucket/absent")) response.writeHead(404).end(faultXml("NoSuchKey", "Not here"))
    else if (target.startsWith("/bucket/locked")) response.writeHead(403).end(faultXml("AccessDenied", "Object is locked"))
    else response.writeHead(204).end()
  })
  expect(await run(store.remove(["a", "absent", "b"]))).toBe(3)
  const fault = await failure(store.remove(["a", "locked", "b", "locked too"]))
  expect(fault.message).toMatch(/^2 of 4 objects .* locked: AccessDenied Object is locked$/)
})

test.each([
  ["a bucket that is not there", 404, "NoSuchBucket", "MATYAN_S3_CREATE_BUCKET=true"],
  ["keys that are unknown", 403, "InvalidAccessKeyId", "check S3_ACCESS_KEY"],
  ["keys that are not enough", 403, "AccessDenied", "docs/s3.md"],
  ["another region", 301, "PermanentRedirect", "set S3_REGION"],
])("a start fails on %s, and says what to do", async (_, status, code, says) => {
  const options = await scriptedS3((_request, response) => response.writeHead(status).end(faultXml(code, "Words of the server")))
  const fault = await failure(Effect.scoped(Effect.provide(BlobStore, s3Blobs(options))))
  expect(fault).toBeInstanceOf(BlobStoreUnavailable)
  expect(fault.message).toContain("Words of the server")
  expect(fault.message).toContain(says)
})

test("a body that breaks off is told as what it is, not as the server's fault", async () => {
  const store = await openedOn((_, response) => response.end())
  const broken = (async function* () {
    yield Buffer.from("half")
    throw new Error("connection lost")
  })()
  expect((await failure(store.put("k", broken, type))).message).toMatch(/: connection lost$/)
})

test("an upload whose last part fails is given up, and its own failure is told", async () => {
  const targets: string[] = []
  const store = await openedOn(
    ({ method, target }, response) => {
      targets.push(`${method} ${new URL(target, "http://s3").search.replace(/&x-id=.*/, "")}`)
      if (method === "POST" && target.includes("uploads")) response.end(uploadXml)
      else if (target.includes("partNumber=2")) response.writeHead(403).end(faultXml("QuotaExceeded", "No room"))
      else if (method === "DELETE") response.writeHead(500).end(faultXml("InternalError", "Not now"))
      else response.writeHead(200, { etag: '"e"' }).end()
    },
    { partBytes: 10, attempts: 1 },
  )
  expect(await failure(store.put("k", Buffer.alloc(25), type))).toMatchObject({ message: expect.stringContaining("No room") })
  expect(targets).toEqual([
    "POST ?uploads=",
    "PUT ?partNumber=1&uploadId=u",
    "PUT ?partNumber=2&uploadId=u",
    "DELETE ?uploadId=u",
  ])
})

test("a server that knows no checksums is sent none, when the environment says so", async () => {
  vi.stubEnv("AWS_REQUEST_CHECKSUM_CALCULATION", "WHEN_REQUIRED")
  onTestFinished(() => void vi.unstubAllEnvs())
  const headers: string[] = []
  const store = await openedOn(
    (request, response) => {
      headers.push(...Object.keys(request.headers))
      if (request.method === "POST" && request.target.includes("uploads")) response.end(uploadXml)
      else response.writeHead(200, { etag: '"e"' }).end(request.method === "POST" ? completedXml : "")
    },
    { partBytes: 10 },
  )
  await run(store.put("small", Buffer.alloc(5), type))
  await run(store.put("large", Buffer.alloc(25), type))
  expect(headers.filter((name) => /checksum/.test(name))).toEqual([])
})
