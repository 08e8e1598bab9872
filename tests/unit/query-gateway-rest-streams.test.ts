import type { FastifyInstance, InjectOptions } from "fastify"
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { byteRange, contentDisposition } from "../../gateways/query/download.ts"
import { freshFolder } from "../support/folders.ts"
import { goldenStore, readGolden } from "../support/golden-store.ts"

interface Vector {
  readonly name: string
  readonly method: NonNullable<InjectOptions["method"]>
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: readonly unknown[] | null
  readonly hex: string
}

const ours = new Set(["logs", "logs_range", "log_records", "log_records_empty", "images_blob_batch", "audios_blob_batch"])
const vectors = (JSON.parse(readGolden("responses.json")) as readonly Vector[]).filter(({ name }) => ours.has(name))
const run = `/api/v1/rest/runs/${"a".repeat(32)}`

let server: FastifyInstance
beforeAll(async () => {
  ;({ server } = await goldenStore({}, afterAll))
})

describe("streams of logs and blobs", () => {
  test("are the recorded ones, byte by byte", async () => {
    expect(vectors.length).toBe(ours.size)
    for (const { name, method, path, query, body, hex } of vectors) {
      const reply = await server.inject({ method, url: path, query, ...(body === null ? {} : { payload: [...body] }) })
      expect([name, reply.statusCode, reply.rawPayload.toString("hex")]).toEqual([name, 200, hex])
      expect(reply.headers["content-type"]).toBe("application/octet-stream")
    }
  })

  test("an unknown run has no lines and no records, a range without steps neither", async () => {
    expect((await server.inject("/api/v1/rest/runs/nope/logs")).rawPayload.length).toBe(0)
    const records = await server.inject("/api/v1/rest/runs/nope/log-records")
    expect([records.statusCode, records.rawPayload.subarray(4, 21).toString()]).toEqual([200, "log_records_count"])
    expect((await server.inject(`${run}/logs?record_range=5:2`)).rawPayload.length).toBe(0)
    expect((await server.inject(`${run}/logs?record_range=-9:1`)).rawPayload.length).toBeGreaterThan(0)
  })

  test("a range that cannot be read is refused by its name before the first byte", async () => {
    const reply = await server.inject(`${run}/logs?record_range=a:b`)
    expect(reply.statusCode).toBe(400)
    expect(reply.json().message).toContain("record_range")
  })
})

describe("artifacts", () => {
  const url = `${run}/artifacts/download?path=models/m.bin`

  test("are sent as they are, to be saved and not shown", async () => {
    const reply = await server.inject(url)
    expect([reply.statusCode, reply.body]).toEqual([200, "weights"])
    expect(reply.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": "7",
      "content-disposition": 'attachment; filename="m.bin"',
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
    })
  })

  test("are sent in part where a part is asked for", async () => {
    const part = async (range: string) => {
      const { statusCode, body, headers } = await server.inject({ url, headers: { range } })
      return [statusCode, body, headers["content-range"]]
    }
    expect(await part("bytes=2-4")).toEqual([206, "igh", "bytes 2-4/7"])
    expect(await part("bytes=5-")).toEqual([206, "ts", "bytes 5-6/7"])
    expect(await part("bytes=-3")).toEqual([206, "hts", "bytes 4-6/7"])
    expect(await part("bytes=0-0,2-3")).toEqual([200, "weights", undefined])
    const [status, , contentRange] = await part("bytes=7-")
    expect([status, contentRange]).toEqual([416, "bytes */7"])
  })

  test("that are not there, or not named, are refused", async () => {
    expect((await server.inject(`${run}/artifacts/download?path=nope`)).statusCode).toBe(404)
    const unnamed = await server.inject(`${run}/artifacts/download`)
    expect([unnamed.statusCode, unnamed.json().message]).toEqual([422, "path: Field required"])
    expect((await server.inject("/api/v1/rest/runs/nope/artifacts/download?path=x")).statusCode).toBe(404)
    expect((await server.inject(`/api/v1/rest/runs/${"b".repeat(32)}/artifacts/download-all`)).statusCode).toBe(404)
  })

  test("come together in an archive that unpacks", async () => {
    const reply = await server.inject(`${run}/artifacts/download-all/`)
    expect(reply.headers["content-disposition"]).toBe(`attachment; filename="${"a".repeat(32)}-artifacts.zip"`)
    const file = join(freshFolder(), "all.zip")
    writeFileSync(file, reply.rawPayload)
    const script = "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print({n: z.read(n) for n in z.namelist()})"
    const unpacked = spawnSync("python3", ["-c", script, file], { encoding: "utf8" })
    expect(unpacked.stdout.trim(), unpacked.stderr).toBe("{'models/m.bin': b'weights'}")
  })

  test("names that a header cannot hold are sent encoded, beside a plain one", () => {
    expect(contentDisposition('a"b.bin')).toBe(`attachment; filename="a_b.bin"; filename*=UTF-8''a%22b.bin`)
    expect(contentDisposition("模型\r\n.bin")).toBe(
      `attachment; filename="____.bin"; filename*=UTF-8''%E6%A8%A1%E5%9E%8B%0D%0A.bin`,
    )
  })

  test("odd range headers mean the whole, or nothing that there is", () => {
    expect(byteRange("bytes=", 5)).toBeNull()
    expect(byteRange("bytes=-", 5)).toBeNull()
    expect(byteRange("bytes=3-1", 5)).toBeNull()
    expect(byteRange("lines=1-2", 5)).toBeNull()
    expect(byteRange("bytes=0-", 0)).toBe("unsatisfiable")
    expect(byteRange("bytes=-0", 5)).toBe("unsatisfiable")
    expect(byteRange("bytes=-9", 5)).toEqual({ start: 0, end: 5 })
    expect(byteRange("bytes=0-99", 5)).toEqual({ start: 0, end: 5 })
  })
})
