import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ApiOperation, OpenApi } from "../../gateways/query/openapi.ts"
import { type Check, checkerOf, documentProblem } from "../support/api-document.ts"
import { fillForApi, fullRun } from "../support/api-filling.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { decodeTree, type Decoded } from "../support/stream-decoder.ts"
import { until } from "../support/wait.ts"
import { Float } from "../../domain/value.ts"

interface Told {
  readonly method: string
  readonly path: string
  readonly operation: ApiOperation
}

let folder: string
let server: Server
let document: OpenApi
let check: Check

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "matyan-api-"))
  server = await startServer(folder)
  await fillForApi(server.frontierUrl, 5)
  const rest = restOf(server.backendUrl)
  await until("the last file", () => rest.ask("GET", `/runs/${fullRun}/info`), ({ body }) => at(body, "artifacts", 0, "path") !== undefined) // prettier-ignore
  document = (await (await fetch(`${server.backendUrl}/openapi.json`)).json()) as OpenApi
  check = checkerOf(document, true)
})
afterAll(async () => {
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const told = (): readonly Told[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
const isOwn = ({ operation }: Told) => !operation.tags.includes("Ingestion")

/** Sends a request as the document tells it; fails unless the answer is one that the document tells. */
const call = async (
  one: Told,
  url: string,
  body: unknown = exampleOf(one),
): Promise<{ readonly status: number; readonly body: unknown }> => {
  const base = isOwn(one) ? server.backendUrl : server.frontierUrl
  const gone = new AbortController()
  const response = await fetch(base + url, {
    method: one.method,
    signal: gone.signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  })
  const type = response.headers.get("content-type")?.split(";")[0] ?? ""
  const declared =
    one.operation.responses[String(response.status)] ?? (response.status >= 400 ? one.operation.responses["default"] : undefined)
  const where = `${one.method} ${url} answered ${response.status} ${type}`
  expect(declared, `${where}, which is not declared`).toBeDefined()
  if (type === "text/event-stream") return { status: response.status, body: gone.abort() }
  const bytes = new Uint8Array(await response.arrayBuffer())
  const media = declared?.content?.[type] ?? declared?.content?.["*/*"]
  if (declared?.content === undefined) expect([where, bytes.length]).toEqual([where, 0])
  else expect(media, `${where}, which is not declared`).toBeDefined()
  if (media?.["x-tree"] !== undefined) {
    const tree = plain(decodeTree(bytes))
    expect(check(media["x-tree"], tree), where).toBeNull()
    return { status: response.status, body: tree }
  }
  if (type !== "application/json") return { status: response.status, body: bytes }
  const json = JSON.parse(new TextDecoder().decode(bytes)) as unknown
  expect(check(media?.schema ?? {}, json), `${where}: ${JSON.stringify(json).slice(0, 300)}`).toBeNull()
  return { status: response.status, body: json }
}

const exampleOf = ({ operation }: Told): unknown => operation.requestBody?.content["application/json"]?.example

const plain = (decoded: Decoded): unknown => {
  if (decoded instanceof Map) return Object.fromEntries([...decoded].map(([key, item]) => [String(key), plain(item)]))
  if (Array.isArray(decoded)) return decoded.map(plain)
  if (decoded instanceof Float) return decoded.value
  return typeof decoded === "bigint" ? Number(decoded) : decoded
}

/** Makes what is to be deleted or changed, and answers its address. */
const addressOf = async (path: string): Promise<string> => {
  const rest = restOf(server.backendUrl)
  const made = async (where: string, body: unknown, ...at_: readonly string[]) => {
    const { status, body: answer } = await rest.ask("POST", where, body)
    expect([where, status < 300, answer]).toEqual([where, true, answer])
    return String(at(answer, ...at_))
  }
  const fresh = `made ${count++}`
  const owner = path.includes("/runs/{id}")
    ? `/runs/${fullRun}`
    : `/experiments/${await made("/experiments", { name: fresh }, "id")}`
  const filled = path
    .replace("/runs/{id}", `/runs/${fullRun}`)
    .replace("/experiments/{id}", owner)
    .replace("/notes/{id}", path.includes("/notes/{id}") ? `/notes/${await made(`${owner}/note`, { content: "c" }, "id")}` : "")
    .replace("{offset}", path.includes("{offset}") ? await rewound(fullRun) : "")
    .replace("{noteId}", path.includes("{noteId}") ? await made(`${owner}/note`, { content: "c" }, "id") : "")
    .replace("{tagId}", path.includes("{tagId}") ? await made(`/runs/${fullRun}/tags/new`, { tag_name: fresh }, "tag_id") : "")
  const creations = {
    tags: { name: fresh },
    dashboards: { name: "n" },
    apps: { type: "t", state: {} },
    reports: { name: "n" },
  } as const
  for (const [kind, body] of Object.entries(creations))
    if (filled.includes(`/${kind}/{id}`)) return filled.replace("{id}", await made(`/${kind}`, body, "id"))
  return filled
}
let count = 0

/** Rewinds the run to a step that is above all it has, and answers where in its partition the log says so. */
const rewound = async (run: string): Promise<string> => {
  const rest = restOf(server.backendUrl)
  const { status, body } = await rest.ask("POST", `/runs/${run}/rewind`, { step: 1_000_000 })
  expect([status, body]).toEqual([200, body])
  const { body: told } = await rest.ask("GET", `/runs/${run}/superseded`)
  return String(at(told, "rewinds", 0, "offset"))
}

const sequences = { images: "shown", texts: "says", distributions: "weights", audios: "heard", figures: "plot" } as const

/** What is asked, where the document's own example would find nothing. */
const askedOf = async ({ path, operation }: Told): Promise<{ readonly query?: string; readonly body?: unknown }> => {
  for (const [kind, name] of Object.entries(sequences))
    if (path.includes(`{id}/${kind}/`)) return { body: [{ name, context: {} }] }
  if (/(experiments|tags)$/.test(path) && operation.requestBody !== undefined) return { body: { name: `asked ${count++}` } }
  if (path.endsWith("/artifacts/download")) return { query: "?path=models%2Fbest%20model.bin" }
  if (path.endsWith("/align"))
    return { body: { align_by: "loss", runs: [{ run_id: fullRun, traces: [{ name: "accuracy", context: { subset: "train" }, slice: [0, 0, 1] }] }] } } // prettier-ignore
  if (/runs\/(images|audios)\/get-batch$/.test(path)) {
    const kind = path.includes("images") ? "images" : "audios"
    const tree = await restOf(server.backendUrl).tree(`/runs/search/${kind}`)
    return { body: [at(tree, fullRun, "traces", 0, "values", 0, 0, "blob_uri"), "nonsense"] }
  }
  return operation.requestBody === undefined ? {} : { body: exampleOf({ path, operation, method: "" }) }
}

/** The body of a request about an upload in parts names one that was begun; any other is as its example. */
const ingestionBody = async (one: Told): Promise<unknown> => {
  const example = exampleOf(one)
  if (!/multipart\/(parts|complete|abort)$/.test(one.path)) return example
  const { run_id, artifact_path } = example as Readonly<Record<string, string>>
  const asked = async (path: string, body: object): Promise<Json> => {
    const url = `${server.frontierUrl}/api/v1/rest/artifacts/multipart${path}`
    const headers = { "content-type": "application/json" }
    return (await (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json()) as Json
  }
  const begun = await asked("", { run_id, artifact_path, bytes: 1, part_sha256: false })
  const target = { run_id, artifact_path, upload_id: at(begun, "upload_id") }
  if (one.path.endsWith("/abort")) return target
  if (one.path.endsWith("/parts")) return { ...target, parts: [{ number: 1 }] }
  const signed = await asked("/parts", { ...target, parts: [{ number: 1 }] })
  const { headers } = await fetch(String(at(signed, "parts", 0, "upload_url")), { method: "PUT", body: "x" })
  return { ...target, parts: [{ number: 1, etag: headers.get("etag") }] }
}

describe("real answers are what the document says", () => {
  it("which is one by the rules of OpenAPI 3.1", async () => expect(await documentProblem(document)).toBeNull())

  it("with the parameters at their limits, and as their examples", async () => {
    for (const one of told().filter(isOwn)) {
      const parameters = (one.operation.parameters ?? []).filter(({ in: where }) => where === "query")
      for (const { name, schema, example } of parameters) {
        const values = [example, schema["default"], schema["minimum"], schema["maximum"]].filter((value) => value !== undefined)
        const { body, query = "" } = await askedOf(one)
        for (const value of values) {
          const url = `${await addressOf(one.path)}${query === "" ? "?" : `${query}&`}${name}=${encodeURIComponent(String(value))}`
          const { status } = await call(one, url, body)
          expect([url, status < 500]).toEqual([url, true])
        }
      }
    }
  })

  it("of every operation that can succeed", async () => {
    // The run itself is deleted last, and what makes its id free again follows.
    const last = ["/clear-tombstone", "/runs/{id}"]
    const isLast = ({ method, path }: Told) =>
      path.endsWith(last[0] ?? "") ? 2 : method === "DELETE" && path.endsWith("/runs/{id}") ? 1 : 0
    const failed: string[] = []
    for (const one of told()
      .filter(isOwn)
      // A server that is well has no dead letter to show: dead-letters.test.ts makes one.
      .filter(({ path }) => !path.includes("/dead-letters/"))
      .toSorted((a, b) => isLast(a) - isLast(b))) {
      const { query = "", body } = await askedOf(one)
      const { status } = await call(one, (await addressOf(one.path)) + query, body)
      if (status >= 300) failed.push(`${one.method} ${one.path}: ${status}`)
    }
    expect(failed).toEqual([])
  })

  it("of every path whose id is of nothing: 404, or nothing found", async () => {
    for (const one of told().filter((one) => isOwn(one) && one.path.includes("{"))) {
      const { body, query = "" } = await askedOf(one)
      const { status } = await call(one, one.path.replaceAll(/\{\w+\}/g, "ghost") + query, body)
      const isEmpty =
        /logs$|log-records$|clear-tombstone$/.test(one.path) || (one.method === "GET" && one.path.endsWith("runs/{id}/note"))
      expect([one.method, one.path, status < 300]).toEqual([one.method, one.path, isEmpty])
      expect([one.path, status === 404 || isEmpty]).toEqual([one.path, true])
    }
  })

  it("of the ingestion gateway's routes", async () => {
    for (const one of told().filter((one) => !isOwn(one) && !one.path.includes("{"))) {
      expect((await call(one, one.path, await ingestionBody(one))).status, one.path).toBe(200)
      if (one.operation.requestBody === undefined) continue
      expect((await call(one, one.path, { run_id: 5 })).status, one.path).toBe(422)
    }
  })

  it("read by the Python of docs/api.md as that page says", async () => {
    const page = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8")
    const [, program = ""] = /```python\n([^]*?)```/.exec(page) ?? []
    expect(program).toContain("127.0.0.1:53800")
    const asked = program
      .replace("http://127.0.0.1:53800", server.backendUrl)
      .replace("run.hparams.lr < 0.01", "'digits' in run.experiment")
    const { stdout } = await promisify(execFile)("python3", ["-c", asked.replace("limit=50", "limit=2")])
    const lines = stdout.trim().split("\n")
    expect(lines).toHaveLength(3)
    for (const line of lines.slice(0, 2)) expect(line).toMatch(/^[0-9a-f]{32} (digits|baseline)/)
    expect(lines[2]).toMatch(/^[\w-]{40,}$/)
  })

  it("where the checks can fail", () => {
    expect(check({ $ref: "#/components/schemas/Tag" }, { id: "x" })).not.toBeNull()
    expect(
      check({ $ref: "#/components/schemas/Version" }, { version: "", component: "", fdb_api_version: 1, more: 1 }),
    ).toContain("additional")
  })
})
