import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { OpenApi } from "../../gateways/query/openapi.ts"
import { connect, type Matyan } from "../../sdk/read.ts"
import type { Asked } from "../../sdk/read/operation.ts"
import { type Check, checkerOf } from "../support/api-document.ts"
import { fillForApi, fullRun } from "../support/api-filling.ts"
import { createRun, metric, openSocket, params } from "../support/client-frames.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { startTcpProxy } from "../support/tcp-proxy.ts"
import { until } from "../support/wait.ts"

const many = 1_500
const idOf = (i: number): string => i.toString(16).padStart(32, "0")

let folder: string
let server: Server
let matyan: Matyan
let document: OpenApi
let check: Check

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "matyan-sdk-read-"))
  server = await startServer(folder)
  matyan = connect(server.backendUrl)
  await fillForApi(server.frontierUrl, 2)
  for (let i = 0; i < many; i++) {
    const socket = await openSocket(server.frontierUrl, idOf(i))
    await socket.send([createRun(), params({ i, text: `run ${i}`, nested: { rate: i / 10 } }), metric("loss", 0, i)])
    socket.close()
  }
  await until("all runs", () => matyan.runs.query().count(), (count) => count === many + 3) // prettier-ignore
  await until("the last file", () => matyan.artifacts.list(fullRun), (files) => files.length === 1) // prettier-ignore
  document = (await (await fetch(`${server.backendUrl}/openapi.json`)).json()) as OpenApi
  check = checkerOf(document, true)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

describe("over a thousand runs", () => {
  test("come each once, in any size of pages, and as columns", async () => {
    for (const pageSize of [97, 1_000, 5_000]) {
      const ids = new Set<string>()
      for await (const { id } of matyan.runs.query("", { pageSize, select: [] })) ids.add(id)
      expect(ids.size).toBe(many + 3)
    }
    const columns = await matyan.runs
      .query("run.i >= 0")
      .toColumns({ i: "params.i", loss: { metric: "loss" }, text: "params.text" })
    expect(columns.loss).toEqual(columns.i)
    expect(new Set(columns.i)).toEqual(new Set(Array.from({ length: many }, (_, i) => i)))
    expect(columns.text).toContain("run 1499")
  })

  test("come each once through a network that breaks in the midst", async () => {
    const { hostname: host, port } = new URL(server.backendUrl)
    const proxy = await startTcpProxy(() => ({ host, port: Number(port) }))
    const through = connect(`http://127.0.0.1:${proxy.port}`, { retry: { times: 20, firstMillis: 5 } })
    const seen: string[] = []
    for (const sort of ["-created", "name"] as const) {
      seen.length = 0
      for await (const { id } of through.runs.query("", { pageSize: 400, sort })) {
        if (seen.push(id) % 300 === 0) proxy.restore()
      }
      expect(new Set(seen).size).toBe(many + 3)
      expect(seen).toHaveLength(many + 3)
    }
    await proxy.stop()
  })

  test("can be left in the midst, and the server goes on", async () => {
    let count = 0
    for await (const { id } of matyan.runs.query("", { sort: "name" })) if (id !== "" && ++count === 10) break
    expect(count).toBe(10)
    expect((await matyan.request("GET /health/ready")).body.status).toBe("ok")
  })

  test("have their series in one answer, up to a thousand", async () => {
    const runs = Array.from({ length: 900 }, (_, i) => idOf(i))
    const series = await matyan.metrics.series({ runs, names: "loss", contexts: [{}] })
    expect(series.map(({ values }) => values[0])).toEqual(runs.map((_, i) => i))
    const tooMany = Array.from({ length: 1_001 }, (_, i) => idOf(i))
    await expect(matyan.metrics.series({ runs: tooMany, names: "loss", contexts: [{}] })).rejects.toMatchObject({ status: 400 })
  })
})

test("a position that is not visible in time is told as that", async () => {
  const impatient = connect(server.backendUrl, { retry: false })
  const asked = impatient.experiments.list({ position: "control-events/0/99999999" })
  await expect(asked).rejects.toMatchObject({ code: "behind", status: 503, retryAfter: 1 })
})

describe("every operation of the document", () => {
  const sequences = { images: "shown", texts: "says", distributions: "weights", audios: "heard", figures: "plot" } as const

  /** What is asked where the document's own example would find nothing. */
  const askedOf = (path: string): Asked => {
    for (const [kind, name] of Object.entries(sequences))
      if (path.includes(`{id}/${kind}/`)) return { body: [{ name, context: {} }] }
    if (path.endsWith("/artifacts/download")) return { query: { path: "models/best model.bin" } }
    if (path.endsWith("/align")) return { body: { align_by: "loss", runs: [] } }
    return {}
  }

  test("can be asked by its name, and answers as the document says", async () => {
    const reached: string[] = []
    for (const [path, item] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(item)) {
        if (operation.tags.includes("Ingestion")) continue
        const name = `${method.toUpperCase()} ${path.replace("/api/v1/rest", "")}`
        const places = {
          id: path.includes("/runs/{id}") ? fullRun : "ghost",
          noteId: "x",
          tagId: "x",
          topic: "control-events",
          partition: "0",
          offset: "0",
        }
        const example = operation.requestBody?.content["application/json"]?.example
        const gone = new AbortController()
        // The names are the document's: that they are those of the types, another test says.
        const request = matyan.request as (
          name: string,
          given: Asked,
        ) => Promise<{ readonly status: number; readonly body: unknown }>
        const given = { path: places, ...(example === undefined ? {} : { body: example }), ...askedOf(path), signal: gone.signal }
        const { status, body } = await request(name, given).catch((error: { readonly status: number }) => ({
          status: error.status,
          body: null,
        }))
        expect([name, status]).toEqual([name, expect.any(Number)])
        expect(Object.keys(operation.responses), `${name} answered ${status}`).toContain(
          status >= 400 && !(String(status) in operation.responses) ? "default" : String(status),
        )
        expect(status, name).not.toBe(0)
        const json = operation.responses[String(status)]?.content?.["application/json"]?.schema
        if (status < 300 && json !== undefined && !path.includes("/search/")) expect(check(json, body), name).toBeNull()
        if (body instanceof Response) await body.body?.cancel()
        gone.abort()
        reached.push(name)
        if (method === "delete" && path.endsWith("/runs/{id}")) await matyan.runs.restore(fullRun)
      }
    expect(reached.length).toBeGreaterThan(90)
  })
})

test("a file of many megabytes comes whole through a network that breaks again and again", async () => {
  const content = new Uint8Array(24 * 2 ** 20)
  for (let i = 0; i < content.length; i += 4) content[i] = (i >> 8) ^ i
  const path = "big/file.bin"
  const presigned = await fetch(`${server.frontierUrl}/api/v1/rest/artifacts/presign`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ run_id: fullRun, artifact_path: path }),
  })
  const { upload_url, s3_key } = (await presigned.json()) as { readonly upload_url: string; readonly s3_key: string }
  await fetch(upload_url, { method: "PUT", body: content, headers: { "content-type": "application/octet-stream" } })
  const socket = await openSocket(server.frontierUrl, fullRun)
  await socket.send([{ type: "blob_ref", s3_key, artifact_path: path, content_type: "application/octet-stream" }])
  socket.close()
  await until("the file", () => matyan.artifacts.list(fullRun), (files) => files.length === 2) // prettier-ignore
  const { hostname: host, port } = new URL(server.backendUrl)
  const proxy = await startTcpProxy(() => ({ host, port: Number(port) }))
  const through = connect(`http://127.0.0.1:${proxy.port}`, { retry: { times: 20, firstMillis: 5 } })
  let [cuts, last] = [0, 0]
  const onProgress = (loaded: number, size: number): void => {
    expect(loaded).toBeGreaterThan(last)
    expect(size).toBe(content.length)
    if (Math.floor(loaded / 2 ** 22) > Math.floor(last / 2 ** 22) && ++cuts) proxy.restore()
    last = loaded
  }
  const bytes = await (await through.artifacts.download(fullRun, path, { onProgress })).bytes()
  expect(Buffer.compare(bytes, content)).toBe(0)
  expect(cuts).toBeGreaterThan(3)
  await proxy.stop()
})
