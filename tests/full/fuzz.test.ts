/**
 * 20,000 requests of every operation of the API's document, good and hostile. `MATYAN_FUZZ` is how many, `MATYAN_FUZZ_SEED`
 * what they are drawn from: a request is made again by its seed and number, but for ids, which are the server's.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { OpenApi } from "../../gateways/query/openapi.ts"
import { fillForApi, fullRun } from "../support/api-filling.ts"
import { createRun, metric, openSocket } from "../support/client-frames.ts"
import { type FuzzRequest, operationsIn, type Pool, requestOf } from "../support/fuzz-requests.ts"
import { type RawAnswer, type RawClient, rawClient } from "../support/raw-http.ts"
import { at, type Json, restOf } from "../support/rest.ts"
import { endAll, type Server, startServer } from "../support/server.ts"
import { decodeRecords } from "../support/stream-decoder.ts"
import { until } from "../support/wait.ts"

const count = Number(process.env["MATYAN_FUZZ"] ?? 20_000)
const seed = Number(process.env["MATYAN_FUZZ_SEED"] ?? Date.now() % 2 ** 31)
const atOnce = 16
/** RssAnon in MiB. The server holds a store, a log, a projector and both gateways. */
const mostMemory = 700

let folder: string
let server: Server
let clients: { readonly own: RawClient; readonly ingestion: RawClient }

const doomed = Array.from({ length: 120 }, (_, i) => `d${i}`)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "matyan-fuzz-"))
  server = await startServer(folder)
  clients = { own: rawClient(server.backendUrl), ingestion: rawClient(server.frontierUrl) }
  await fillForApi(server.frontierUrl, 8)
  for (const run of doomed) {
    const socket = await openSocket(server.frontierUrl, run)
    await socket.send([createRun(), metric("loss", 0, 1)])
    socket.close()
  }
  await until("all runs", entities, ({ runs }) => runs.size === 9 + doomed.length)
})
afterAll(async () => {
  clients.own.close()
  clients.ingestion.close()
  await endAll()
  rmSync(folder, { recursive: true, force: true })
})

const kinds = ["experiments", "tags", "dashboards", "apps", "reports"] as const
type Kind = (typeof kinds)[number] | "runs"
type Entities = Readonly<Record<Kind, ReadonlyMap<string, string>>>

/** What is there: names by id. */
const entities = async (): Promise<Entities> => {
  const rest = restOf(server.backendUrl)
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const list = (await rest.get(`/${kind}`)) as readonly Json[]
      return [kind, new Map(list.map((one) => [String(at(one, "id")), String(at(one, "name"))]))] as const
    }),
  )
  const runs = Object.keys(
    await rest.tree("/runs/search/run?exclude_params=true&exclude_traces=true&q=run.archived in (True, False)"),
  )
  // Every kind is among them.
  return Object.fromEntries([...lists, ["runs", new Map(runs.map((id) => [id, id]))]]) as unknown as Entities
}

const poolOf = async (there: Entities): Promise<Pool> => {
  const rest = restOf(server.backendUrl)
  const [images, audios] = await Promise.all(["images", "audios"].map((kind) => rest.tree(`/runs/search/${kind}`)))
  const uri = (tree: Json | undefined) => String(at(tree, fullRun, "traces", 0, "values", 0, 0, "blob_uri"))
  const page = await clients.own.send("GET", "/api/v1/rest/runs/search/run?cursor=&limit=3", {}, undefined)
  const notes = (await rest.get(`/runs/${fullRun}/note`)) as readonly Json[]
  return {
    ids: new Map([
      ...kinds.map((kind) => [kind, [...there[kind].keys()]] as const),
      ["runs", [...there.runs.keys()].filter((id) => !doomed.includes(id))],
      ["note", notes.map((note) => String(at(note, "id")))],
      ["new", []],
    ]),
    doomed,
    blobUris: [uri(images), uri(audios)],
    cursors: [String(page.headers["x-next-cursor"])],
  }
}

/** What may have come and gone by answers that said so. */
class Expected {
  readonly made = new Map<string, Set<string>>()
  readonly gone = new Map<string, Set<string>>()
  /** Names that may have been made by runs that were moved. */
  readonly named = new Set<string>()

  readonly #firstNames = new Map<string, string>()

  /** The name that each was first seen under: what was made by its name may have another by now. */
  see(there: Entities): void {
    for (const kind of kinds) for (const [id, name] of there[kind]) if (!this.#firstNames.has(id)) this.#firstNames.set(id, name)
  }

  /** Whether an answer told of it. */
  accountsFor(kind: Kind, id: string): boolean {
    return this.made.get(kind)?.has(id) === true || this.named.has(this.#firstNames.get(id) ?? "")
  }

  note({ method, target, body, isIngestion }: FuzzRequest, { status, body: answer }: RawAnswer): void {
    if (status >= 300 || isIngestion) return
    const path = target.split("?")[0]!.replace(/\/$/, "").replace("/api/v1/rest", "")
    const [, kind = "", id = "", ...more] = path.split("/")
    const said = jsonOf(answer.toString())
    if (method === "POST" && id === "") setIn(this.made, kind, String(at(said, "id")))
    if (method === "DELETE" && more.length === 0) setIn(this.gone, kind, decodeURIComponent(id))
    if (id === "delete-batch") for (const run of (jsonOf(String(body)) ?? []) as readonly string[]) setIn(this.gone, "runs", run)
    if (method === "POST" && more.join("/") === "tags/new") setIn(this.made, "tags", String(at(said, "tag_id")))
    if (method === "PUT" && kind === "runs") this.named.add(String(at(jsonOf(String(body)), "experiment")).trim())
    // The answer may be that it will be done, without saying which id it will have.
    if (status === 202) this.named.add(String(at(jsonOf(String(body)), "name")).trim())
  }
}

const setIn = (sets: Map<string, Set<string>>, kind: string, id: string): void => {
  sets.set(kind, (sets.get(kind) ?? new Set()).add(id))
}

const jsonOf = (text: string): Json => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}

/** In MiB, of the server's process. */
const memory = (): number => {
  const [, kilobytes] = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8")) ?? []
  return Number(kilobytes) / 1024
}

/** What is wrong with an answer, whatever was asked; null where nothing is. */
const problemOf = ({ method, isTree }: FuzzRequest, { status, headers, body }: RawAnswer): string | null => {
  if (status >= 500) return `${status} ${body.toString().slice(0, 300)}`
  if (status < 200) return String(status)
  const type = String(headers["content-type"] ?? "")
  if (method === "HEAD" || body.length === 0) return null
  try {
    if (type === "application/octet-stream" && isTree) decodeRecords(body)
    else if (type.startsWith("application/json")) JSON.parse(body.toString())
    return null
  } catch (error) {
    return `${type}: ${String(error)}`
  }
}

it(`${count} requests, good and hostile, are each answered, and leave nothing behind but what they say`, async () => {
  process.stdout.write(`fuzz: MATYAN_FUZZ=${count} MATYAN_FUZZ_SEED=${seed}\n`)
  const told = operationsIn((await (await fetch(`${server.backendUrl}/openapi.json`)).json()) as OpenApi)
  for (const kind of ["dashboards", "apps", "reports"])
    for (const name of ["a", "b", "c"]) await restOf(server.backendUrl).ask("POST", `/${kind}`, { name, type: name, state: {} })
  const before = await entities()
  let pool = await poolOf(before)
  const expected = new Expected()
  const faults: string[] = []
  const statuses = new Map<number, number>()
  let slowest = { millis: 0, what: "" }
  let next = 0
  let most = 0

  const work = async (): Promise<void> => {
    while (next < count && faults.length < 20) {
      const index = next++
      if (index % 1_000 === 999) {
        most = Math.max(most, memory())
        const there = await entities()
        expected.see(there)
        pool = await poolOf(there)
      }
      const request = requestOf(told, pool, seed, index)
      const { method, target, headers, body, isIngestion, isEndless } = request
      const began = performance.now()
      const what = `#${index} ${method} ${target.slice(0, 300)} ${JSON.stringify(headers).slice(0, 200)} ${String(body).slice(0, 300)}`
      try {
        const answer = await (isIngestion ? clients.ingestion : clients.own).send(method, target, headers, body, isEndless)
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        expected.note(request, answer)
        const problem = problemOf(request, answer)
        if (problem !== null) faults.push(`${what}\n    ${problem}`)
      } catch (error) {
        faults.push(`${what}\n    ${String(error)}`)
      }
      const millis = performance.now() - began
      if (millis > slowest.millis) slowest = { millis, what }
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: atOnce }, work))
  const seconds = (performance.now() - began) / 1_000
  const counted = [...statuses].toSorted(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`)
  process.stdout.write(`fuzz: ${seconds.toFixed(1)} s, RssAnon at most ${most.toFixed(0)} MiB, ${counted.join(", ")}\n`)
  process.stdout.write(`fuzz: slowest ${slowest.millis.toFixed(0)} ms: ${slowest.what}\n`)
  expect(faults.join("\n")).toBe("")
  expect(most).toBeLessThan(mostMemory)

  expect(await server.verify()).toMatch(/^equal: \d+ rows/)
  const after = await entities()
  expected.see(after)
  for (const kind of [...kinds, "runs"] as const) {
    const [made, gone] = [expected.made.get(kind) ?? new Set<string>(), expected.gone.get(kind) ?? new Set<string>()]
    const wanted = [...before[kind].keys(), ...made].filter((id) => !gone.has(id))
    expect([kind, wanted.filter((id) => !after[kind].has(id))]).toEqual([kind, []])
    const ghosts = [...after[kind]].filter(([id]) => !before[kind].has(id) && !expected.accountsFor(kind, id))
    expect([kind, ghosts]).toEqual([kind, []])
  }
})

/** Ends of lines and headers that no client should write. */
const oddBytes: readonly string[] = [
  "\0\0\0\0\r\n\r\n",
  "GET\r\n\r\n",
  "GET / HTTP/9.9\r\n\r\n",
  "get /api/v1/rest/projects HTTP/1.1\r\nHost: x\r\n\r\n",
  "GET /api/v1/rest/runs/a\0b/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET /api/v1/rest/runs/\xff\xfe/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET http://evil.example/api/v1/rest/projects HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET //api/v1/rest/projects HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET /api/v1/rest/projects HTTP/1.1\r\nConnection: close\r\n\r\n",
  "GET /api/v1/rest/projects#fragment HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET /api/v1/rest/projects HTTP/1.1\nHost: x\nConnection: close\n\n",
  "POST /api/v1/rest/tags HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n{}",
  "POST /api/v1/rest/tags HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
  "POST /api/v1/rest/tags HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST /api/v1/rest/tags HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
  "POST /api/v1/rest/tags HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n{}",
  "POST /api/v1/rest/tags HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{}",
  `GET /${"a".repeat(300_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(60_000)}\r\n`,
  "GET / HTTP/1.1\r\nHost: x\r\nA\0b: c\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\n folded: c\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
  "TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
]

it("bytes that are hardly a request are refused, and the server lives on", async () => {
  for (const client of [clients.own, clients.ingestion])
    for (const bytes of oddBytes)
      expect((await client.bytes(bytes)).slice(0, 12), bytes.slice(0, 90)).not.toMatch(/^HTTP\/1\.1 5/)
  expect((await clients.own.send("GET", "/health/ready", {}, undefined)).status).toBe(200)
  expect((await clients.ingestion.send("GET", "/health/ready/", {}, undefined)).status).toBe(200)
  expect(server.output().stderr).not.toMatch(/unhandled|uncaught/i)
})
