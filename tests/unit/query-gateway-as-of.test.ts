/** Reads as of a time or positions: whatever happened since, they are answered as they were then. */
import type { FastifyInstance, InjectOptions } from "fastify"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { get as httpGet, type IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { describe, expect, test } from "vitest"
import { encodeValue } from "../../domain/msgpack.ts"
import { EventLog, partitionName } from "../../domain/ports/event-log.ts"
import { KeyValueStore, type Transaction } from "../../domain/ports/key-value-store.ts"
import { foldAsOf } from "../../projections/as-of.ts"
import { giveUpAsOf, openAsOf } from "../../projections/as-of-generations.ts"
import { pack } from "../../projections/keys.ts"
import { asOfPath, foldVersion } from "../../projections/subspaces.ts"
import { positionName } from "../../domain/positions.ts"
import { pageBytes } from "../../gateways/query/streaming.ts"
import { catalog } from "../../events/index.ts"
import { stamped } from "../support/folding.ts"
import { named } from "../support/projected.ts"
import { ask } from "../support/ask.ts"
import { type GoldenStore, goldenStore } from "../support/golden-store.ts"
import { until } from "../support/wait.ts"

const prefix = "/api/v1/rest"
const runA = "a".repeat(32)

const write = ({ run }: GoldenStore, body: (tx: Transaction) => Promise<unknown>) =>
  run(KeyValueStore.use((store) => store.write(body)))

/** The log's last positions, in words. */
const allThere = ({ run }: GoldenStore): Promise<string> =>
  run(EventLog.use((log) => log.ends)).then((ends) => ends.map((end) => `${partitionName(end)}/${end.offset - 1}`).join(","))

const reads: readonly InjectOptions[] = [
  { url: `/runs/${runA}/info` },
  { url: "/runs/search/run", query: { q: "", report_progress: "false" } },
  { url: "/runs/search/metric", query: { q: "metric.name == 'loss'", report_progress: "false" } },
  { url: "/runs/search/images", query: { q: "", report_progress: "false" } },
  { url: `/runs/${runA}/metric/get-batch`, method: "POST", payload: [{ name: "loss", context: {} }] },
  { url: `/runs/${runA}/images/get-batch`, method: "POST", payload: [{ name: "img", context: {} }] },
  { url: `/runs/${runA}/logs` },
  { url: `/runs/${runA}/note` },
  { url: "/runs/active" },
  { url: "/experiments" },
  { url: "/tags" },
  { url: "/projects/activity" },
  { url: "/projects/params", query: { sequence: "metric" } },
  { url: "/dashboards" },
  { url: "/dead-letters" },
]

/** What all reads answer. */
const answers = async (
  server: FastifyInstance,
  asOf: { query?: Record<string, string>; headers?: Record<string, string> } = {},
) => {
  const found: unknown[] = []
  for (const read of reads) {
    const { statusCode, rawPayload, headers } = await server.inject({
      ...read,
      url: `${prefix}${String(read.url)}`,
      query: { ...(read.query as Record<string, string>), ...asOf.query },
      ...(asOf.headers === undefined ? {} : { headers: asOf.headers }),
    })
    // Blob URIs are sealed anew each time.
    const text = rawPayload.toString("latin1").replaceAll(/gAAAAA[\w=-]+/g, "sealed")
    const hash = createHash("sha256").update(text).digest("hex")
    found.push([read.url, statusCode, hash, headers["x-matyan-as-of"] !== undefined])
  }
  return found
}

describe("reads as of a generation", () => {
  test("Law 1: answer as the serving projections did then, whatever happened since, and commands go on", async () => {
    const store = await goldenStore()
    const { server, run } = store
    const before = await answers(server)
    const { id } = await run(foldAsOf(await allThere(store)))
    const asked = (await ask(server, "GET", "/generations")).body.at(-1).as_of.asked
    const told = before.map((one) => [...(one as unknown[]).slice(0, 3), true])
    for (const asOf of [{ query: { as_of: String(id) } }, { headers: { "x-matyan-as-of": asked } }])
      expect(await answers(server, asOf)).toEqual(told)
    await ask(server, "DELETE", `/runs/${runA}`)
    await ask(server, "POST", "/experiments", { name: "new" })
    await ask(server, "POST", "/tags", { name: "new", color: "red", description: "" })
    expect(await answers(server)).not.toEqual(before)
    expect((await ask(server, "GET", `/runs/${runA}/info`)).status).toBe(404)
    expect(await answers(server, { query: { as_of: asked } })).toEqual(told)
    await run(foldAsOf("0"))
    expect((await ask(server, "GET", "/experiments?as_of=0")).body).toEqual([])
  })

  test("are refused where there is none, where it is not complete or of other code, and for what is no read", async () => {
    const store = await goldenStore()
    const { server } = store
    const there = await store.run(foldAsOf("1"))
    const unknown = await ask(server, "GET", "/runs/active?as_of=yesterday")
    expect([unknown.status, unknown.body.message]).toEqual([404, expect.stringContaining(`${there.id} (1)`)])
    expect(unknown.body.message).toContain('matyan rebuild --as-of "yesterday"')
    const begun = { id: 0 }
    await write(store, async (tx) => {
      begun.id = (await openAsOf(tx, "2030-01-01", new Map([["data-ingestion/0", 5]]), 0)).id
      const marks = (await tx.directory([...asOfPath(there.id), "matyan", "marks"]))!
      tx.set(pack(["fold_version"], marks), encodeValue(foldVersion + 1))
    })
    const partial = await ask(server, "GET", `/runs/active?as_of=${begun.id}`)
    expect([partial.status, partial.body.message]).toEqual([409, expect.stringContaining('--as-of "2030-01-01" goes on')])
    const old = await ask(server, "GET", "/runs/active?as_of=1")
    expect([old.status, old.body.message]).toEqual([409, expect.stringContaining("another version")])
    const refused: readonly (readonly ["POST" | "DELETE" | "PUT" | "GET", string])[] = [
      ["POST", "/tags"],
      ["DELETE", `/runs/${runA}`],
      ["PUT", `/runs/${runA}`],
      ["GET", "/stream"],
    ]
    for (const [method, path] of refused) {
      const { status, body } = await ask(
        server,
        method,
        `${path}?as_of=1`,
        method === "GET" ? undefined : { name: "x", color: "y" },
      )
      expect([path, status, body.message]).toEqual([path, 400, expect.stringContaining("as_of")])
    }
    expect((await ask(server, "GET", `/runs/${runA}/info`)).status).toBe(200)
    const made = await store.run(foldAsOf("1"))
    expect(made.id).toBeGreaterThan(there.id)
    expect((await ask(server, "GET", "/runs/active?as_of=1")).status).toBe(200)
    await write(store, (tx) => giveUpAsOf(tx, made.id))
    expect((await ask(server, "GET", "/runs/active?as_of=1")).status).toBe(404)
  })

  test("go on as of it through all pages of a long answer", async () => {
    const store = await goldenStore()
    const { server, run } = store
    const runs = Array.from({ length: 700 }, (_, i) => stamped(named(`many-${i}`, "x".repeat(150)), 1))
    const positions = await run(EventLog.use((log) => log.append(runs)))
    await ask(server, "GET", `/experiments?position=${positions.slice(-50).map(positionName).join(",")}`)
    const { id } = await run(foldAsOf(await allThere(store)))
    const address = await server.listen({ host: "127.0.0.1", port: 0 })
    const url = `${address}${prefix}/runs/search/run/?q=&report_progress=false`
    const read = async (at: string) => Buffer.from(await (await fetch(at)).arrayBuffer())
    const before = await read(url)
    expect(before.length).toBeGreaterThan(2 * pageBytes)
    const ids = runs.map((_, i) => `many-${i}`)
    await ask(server, "POST", "/runs/delete-batch", ids)
    expect((await read(url)).length).toBeLessThan(pageBytes)
    expect((await read(`${url}&as_of=${id}`)).equals(before)).toBe(true)
  })

  test("go on as of it where the answer waits for a client that reads slowly, whatever happens meanwhile", async () => {
    const store = await goldenStore()
    const { server, run } = store
    const ids = Array.from({ length: 700 }, (_, i) => `large-${i}`)
    // More than both ends of a connection hold.
    const text = encodeValue("x".repeat(20_000))
    const large = ids.map((runId, i) => stamped(catalog.AttributesSet({ runId, paths: [["text"]], values: [text] }), i))
    const positions = await run(EventLog.use((log) => log.append(large)))
    await ask(server, "GET", `/experiments?position=${positions.slice(-50).map(positionName).join(",")}`)
    const { id } = await run(foldAsOf(await allThere(store)))
    const address = await server.listen({ host: "127.0.0.1", port: 0 })
    const url = `${address}${prefix}/runs/search/run/?q=&report_progress=false&as_of=${id}`
    const before = Buffer.from(await (await fetch(url)).arrayBuffer())
    const accepted = once(server.server, "connection") as Promise<[Socket]>
    const answered = new Promise<IncomingMessage>((resolve) => httpGet(url, { agent: false }, resolve))
    const [[socket], answer] = await Promise.all([accepted, answered])
    await until("the answer to wait", async () => socket.writableNeedDrain, (waits) => waits) // prettier-ignore
    const sent = socket.bytesWritten
    await ask(server, "POST", "/runs/delete-batch", ids)
    expect([sent < before.length, socket.writableNeedDrain]).toEqual([true, true])
    const chunks: Uint8Array[] = []
    for await (const chunk of answer) chunks.push(chunk as Uint8Array)
    expect(Buffer.concat(chunks).equals(before)).toBe(true)
  })

  test("are listed, with what serves", async () => {
    const store = await goldenStore()
    await store.run(foldAsOf("control-events/0/-1"))
    const { status, body } = await ask(store.server, "GET", "/generations/")
    expect(status).toBe(200)
    expect(body).toMatchObject([
      { id: 1, state: "serving", fold_version: foldVersion, as_of: null },
      { id: 2, state: "as-of", as_of: { asked: "control-events/0/-1", complete: true } },
    ])
    expect(body[1].as_of.positions).toContain("control-events/0/-1")
  })
})
