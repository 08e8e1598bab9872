import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import fc from "fast-check"
import { createRun, openSocket } from "../support/client-frames.ts"
import { askMultipart, putAt, type Said, sha256 } from "../support/multipart.ts"
import { at, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { until } from "../support/wait.ts"

const run = "0123456789abcdef0123456789abcdef"
const partBytes = 5 * 2 ** 20
/** Three parts, the last smaller; no two stretches alike. */
const whole = Buffer.from(Uint32Array.from({ length: 2.6 * 2 ** 20 }, (_, i) => Math.imul(i, 2_654_435_761)).buffer)
const contentOf = (number: number): Uint8Array => whole.subarray((number - 1) * partBytes, number * partBytes)

const folder = mkdtempSync(join(tmpdir(), "matyan-multipart-"))
let server: Server
beforeAll(async () => {
  server = await startServer(folder)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (path: string, body: unknown): Promise<Said> => askMultipart(server.frontierUrl, path, body)

interface Upload {
  readonly run_id: string
  readonly artifact_path: string
  readonly upload_id: string
}

const begin = async (artifact_path: string, more: object = {}): Promise<Upload> => {
  const target = { run_id: run, artifact_path }
  const { status, body } = await ask("", { ...target, bytes: whole.length, part_bytes: partBytes, ...more })
  expect([status, body]).toEqual([200, { upload_id: expect.any(String), s3_key: `${run}/${artifact_path}`, part_bytes: partBytes, parts: 3 }]) // prettier-ignore
  return { ...target, upload_id: String(at(body, "upload_id")) }
}

const addressOf = async (upload: Upload, number: number): Promise<string> => {
  const { status, body } = await ask("/parts", { ...upload, parts: [{ number, sha256: sha256(contentOf(number)) }] })
  expect([status, at(body, "parts", 0, "number"), at(body, "parts", 0, "headers")]).toEqual([200, number, null])
  return String(at(body, "parts", 0, "upload_url"))
}

const send = async (upload: Upload, number: number): Promise<{ readonly number: number; readonly etag: string }> => {
  const { status, etag } = await putAt(await addressOf(upload, number), contentOf(number))
  expect([status, etag]).toEqual([200, expect.stringMatching(/^".+"$/)])
  return { number, etag }
}

const filesOfParts = (): readonly string[] =>
  readdirSync(join(folder, "blobs", "parts"), { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [entry.name] : [],
  )

describe("an upload in parts", () => {
  it("goes on where it was when the server is killed between its parts, and becomes one artifact", async () => {
    const upload = await begin("models/large model.bin", { content_type: "application/x-model" })
    const third = await send(upload, 3)
    const address = await addressOf(upload, 1)
    await server.kill()
    server = await server.restart()
    const first = { number: 1, etag: (await putAt(address, contentOf(1))).etag }
    const parts = [first, await send(upload, 2), third]
    await server.kill()
    server = await server.restart()
    const done = { status: 200, body: { s3_key: `${run}/models/large model.bin`, bytes: whole.length } }
    // A client that hears of no answer asks again, and may have asked twice at once.
    expect(await Promise.all([1, 2].map(() => ask("/complete", { ...upload, parts })))).toEqual([done, done])
    expect(await ask("/complete", { ...upload, parts })).toEqual(done)
    expect(filesOfParts()).toEqual([])
    const socket = await openSocket(server.frontierUrl, run)
    const artifact = { s3_key: done.body.s3_key, artifact_path: "models/large model.bin", content_type: "application/x-model" }
    expect(await socket.send([createRun(), { type: "blob_ref", ...artifact }])).toMatchObject({ status: "ok" })
    socket.close()
    const rest = restOf(server.backendUrl)
    const path = `/runs/${run}/artifacts/download?path=models%2Flarge%20model.bin`
    await until("the artifact", () => rest.ask("GET", path), ({ status }) => status === 200) // prettier-ignore
    expect(sha256(await rest.bytes(path))).toBe(sha256(whole))
  })

  it("is completed with all its parts as they were sent, or not", async () => {
    const upload = await begin("a")
    const first = await send(upload, 1)
    const wrong = await ask("/complete", { ...upload, parts: [first] })
    expect(wrong).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ["body", "parts"], msg: "the upload has 3 parts, 1 were named" }] },
    })
    const other = { ...upload, artifact_path: "b" }
    expect(await ask("/complete", { ...other, parts: [first] })).toMatchObject({
      status: 404,
      body: { detail: expect.any(String) },
    })
    expect(await ask("/parts", { ...other, parts: [{ number: 1, sha256: sha256(whole) }] })).toMatchObject({ status: 404 })
    expect((await ask("/abort", other)).status).toBe(200)
    expect(filesOfParts()).toHaveLength(2)
    for (const _ of [1, 2]) expect(await ask("/abort", upload)).toEqual({ status: 200, body: { s3_key: `${run}/a` } })
    expect((await ask("/complete", { ...upload, parts: [first] })).status).toBe(404)
    expect(filesOfParts()).toEqual([])
  })

  it("takes at an address what it was signed for, and nothing at another", async () => {
    const upload = await begin("c")
    const address = await addressOf(upload, 1)
    for (const [changed, body, status] of [
      [address, Buffer.alloc(partBytes), 400],
      [address, contentOf(1).subarray(1), 400],
      [address, Buffer.alloc(partBytes + 1), 413],
      [address.replace(/part=1/, "part=2"), contentOf(2), 403],
      [address.replace(/upload=./, "upload=z"), contentOf(1), 403],
      [address.replace(/expires=\d/, "expires=9"), contentOf(1), 403],
      [address.replace(/&part=1/, "").replace(/&?upload=[^&]+/, ""), contentOf(1), 403],
    ] as const)
      expect([changed === address, (await putAt(changed, body)).status]).toEqual([status === 400 || status === 413, status])
    await ask("/abort", upload)
    expect((await putAt(address, contentOf(1))).status).toBe(404)
  })

  it("may be asked for by a page of a known origin, which can read the ETag", async () => {
    const origin = "http://localhost:53800"
    const upload = await begin("d", { part_sha256: false })
    const { body } = await ask("/parts", { ...upload, parts: [{ number: 3 }] })
    const response = await fetch(String(at(body, "parts", 0, "upload_url")), {
      method: "PUT",
      headers: { origin },
      body: Buffer.from(contentOf(3)),
    })
    expect(response.headers.get("access-control-allow-origin")).toBe(origin)
    expect(response.headers.get("access-control-expose-headers")?.toLowerCase().split(", ")).toContain("etag")
    await ask("/abort", upload)
  })
})

describe("a request about parts", () => {
  const target = { run_id: run, artifact_path: "x" }
  const good = { ...target, upload_id: "0".repeat(32) }

  it.each<readonly [string, object, readonly (string | number)[]]>([
    ["", { ...target }, ["bytes"]],
    ["", { ...target, bytes: 0 }, ["bytes"]],
    ["", { ...target, bytes: 2 ** 43 }, ["bytes"]],
    ["", { ...target, bytes: 1.5 }, ["bytes"]],
    ["", { ...target, bytes: "1" }, ["bytes"]],
    ["", { ...target, bytes: 1, part_bytes: 5 }, ["part_bytes"]],
    ["", { ...target, bytes: 2 ** 41, part_bytes: 5 * 2 ** 20 }, ["part_bytes"]],
    ["", { ...target, bytes: 1, part_sha256: "yes" }, ["part_sha256"]],
    ["", { ...target, bytes: 1, content_type: "x\r\ny: z" }, ["content_type"]],
    ["", { ...target, bytes: 1, artifact_path: "../x" }, ["artifact_path"]],
    ["", { ...target, bytes: 1, run_id: "a/b" }, ["run_id"]],
    ["/parts", { ...good, upload_id: "", parts: [{ number: 1 }] }, ["upload_id"]],
    ["/parts", { ...good }, ["parts"]],
    ["/parts", { ...good, parts: [] }, ["parts"]],
    ["/parts", { ...good, parts: Array.from({ length: 101 }, () => ({ number: 1 })) }, ["parts"]],
    ["/parts", { ...good, parts: [{ number: 1 }, null] }, ["parts", 1]],
    ["/parts", { ...good, parts: [{ number: 0 }] }, ["parts", 0, "number"]],
    ["/parts", { ...good, parts: [{ number: 1, sha256: "abc" }] }, ["parts", 0, "sha256"]],
    ["/complete", { ...good, parts: [{ number: 1 }] }, ["parts", 0, "etag"]],
    ["/complete", { ...good, parts: [{ number: 10_001, etag: "" }] }, ["parts", 0, "number"]],
    ["/abort", { ...good, run_id: 5 }, ["run_id"]],
  ])("%s %j is refused, and says where it is wrong", async (path, body, where) => {
    expect(await ask(path, body)).toMatchObject({ status: 422, body: { detail: [{ loc: ["body", ...where] }] } })
  })

  it.each(["", "a", "..", "../../../objects", "%2e%2e", "\0", "f".repeat(32), "é".repeat(2_000)])(
    "for the upload %j finds none",
    async (upload_id) => {
      for (const path of ["/parts", "/complete"]) {
        const parts = [{ number: 1, sha256: "0".repeat(64), etag: "x" }]
        const { status } = await ask(path, { ...target, upload_id, parts })
        expect(status).toBe(upload_id === "" ? 422 : 404)
      }
    },
  )

  it("of any other form is refused, never a fault", async () => {
    const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(1, 2, 10_000, -0, 2 ** 53))
    const part = fc.oneof(fc.record({ number, sha256: fc.string(), etag: fc.string() }, { requiredKeys: [] }), fc.jsonValue())
    const body = fc.record(
      {
        run_id: fc.oneof(fc.constant(run), fc.string({ unit: "binary" }), fc.jsonValue()),
        artifact_path: fc.oneof(fc.constant("x"), fc.string({ unit: "binary" })),
        upload_id: fc.oneof(fc.constant("0".repeat(32)), fc.string({ unit: "binary" })),
        bytes: number,
        part_bytes: number,
        parts: fc.array(part, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("", "/parts", "/complete", "/abort"), body, async (path, body) => {
        expect([200, 404, 422]).toContain((await ask(path, body)).status)
      }),
      { numRuns: 100 },
    )
    expect((await ask("/complete", "nope")).status).toBe(422)
  })
})

describe("one file with its SHA-256", () => {
  const presign = async (more: object) => {
    const response = await fetch(`${server.frontierUrl}/api/v1/rest/artifacts/presign`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ run_id: run, artifact_path: "small", ...more }),
    })
    return { status: response.status, body: (await response.json()) as Said["body"] }
  }

  it("is stored if it is that, and refused if it is another", async () => {
    const content = Buffer.from("content")
    const { body } = await presign({ sha256: sha256(content).toUpperCase() })
    const url = String(at(body, "upload_url"))
    const put = (body: Buffer<ArrayBuffer>) =>
      fetch(url, { method: "PUT", headers: { "content-type": "application/octet-stream" }, body: body })
    expect((await put(Buffer.from("other"))).status).toBe(400)
    expect((await put(content)).status).toBe(200)
  })

  it.each(["", "abc", "g".repeat(64)])("%j is no SHA-256", async (sha256) => {
    expect(await presign({ sha256 })).toMatchObject({ status: 422, body: { detail: [{ loc: ["body", "sha256"] }] } })
  })
})
