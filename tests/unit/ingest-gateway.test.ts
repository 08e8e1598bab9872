import { randomUUID } from "node:crypto"
import { connect } from "node:net"
import { join } from "node:path"
import { Context, Effect, Exit, Layer, Scope, Stream } from "effect"
import { afterEach, describe, expect, it, vi } from "vitest"
import { WebSocket } from "ws"
import type { Stated } from "../../domain/ingest/frame-facts.ts"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { catalog } from "../../events/index.ts"
import { ingestGateway } from "../../gateways/ingest/gateway.ts"
import { defaultIngestGatewayOptions, type IngestGatewayOptions } from "../../gateways/ingest/options.ts"
import { stamp } from "../../gateways/ingest/stamp.ts"
import { Names } from "../../gateways/names.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"
import { embeddedLog } from "../support/embedded-log.ts"
import { FaultyLog } from "../support/faulty-log.ts"
import { freshFolder } from "../support/folders.ts"

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** A gateway on the embedded log, in which there is something already. */
const start = async (log: FaultyLog, options: Partial<IngestGatewayOptions["sockets"]> = {}, before: readonly Stated[] = []) => {
  const scope = Scope.makeUnsafe()
  const sockets = { ...defaultIngestGatewayOptions.sockets, tickMs: 10, drainMs: 2_000, ...options }
  const folder = freshFolder()
  let port = 0
  const blobs = fileBlobs({ folder: join(folder, "blobs"), baseUrl: () => `http://127.0.0.1:${port}` })
  const running = Effect.gen(function* () {
    const context = yield* Layer.build(Layer.merge(log.over(embeddedLog({ folder })), blobs))
    const appended = Context.get(context, EventLog)
    if (before.length > 0)
      yield* appended.append(stamp(before, { writer: "before", seq: 0, serverTime: 1_767_225_600, newId: randomUUID }))
    const names = yield* Layer.build(Names.layer).pipe(Effect.provide(context))
    const gateway = yield* ingestGateway({
      ...defaultIngestGatewayOptions,
      port: 0,
      version: "1.2.3",
      uploadBytes: 1_000_000,
      sockets,
    }).pipe(Effect.provide(Context.merge(context, names)))
    return { ...gateway, log: appended, blobs: Context.get(context, BlobStore) }
  })
  const gateway = await Effect.runPromise(running.pipe(Scope.provide(scope), Effect.orDie))
  port = gateway.port
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= Effect.runPromise(Scope.close(scope, Exit.void)))
  open.push(close)
  return {
    port,
    close,
    blobs: gateway.blobs,
    append: (stated: readonly Stated[]) =>
      Effect.runPromise(
        gateway.log.append(stamp(stated, { writer: "other", seq: 0, serverTime: 1_767_225_600, newId: randomUUID })),
      ),
    stored: () => Effect.runPromise(Stream.runCollect(gateway.log.source(new Map()))),
    http: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init),
  }
}

/** One that stops answering when it is asked for its ends. */
class SilentLog extends FaultyLog {
  isSilent = false

  override over<E>(layer: Layer.Layer<EventLog, E>): Layer.Layer<EventLog, E> {
    return Layer.effect(
      EventLog,
      Effect.map(EventLog, (log) => ({ ...log, ends: Effect.suspend(() => (this.isSilent ? Effect.never : log.ends)) })),
    ).pipe(Layer.provide(super.over(layer)))
  }
}

interface Client {
  readonly socket: WebSocket
  readonly replies: string[]
  readonly send: (message: unknown) => void
  readonly closed: Promise<number>
}
const client = async (port: number, path = "RUN1", options: object = {}): Promise<Client> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ws/runs/${path}`, options)
  const replies: string[] = []
  socket.on("message", (data: Buffer) => replies.push(data.toString()))
  const closed = new Promise<number>((resolve) => socket.once("close", resolve))
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject))
  socket.on("error", () => {})
  return {
    socket,
    replies,
    closed,
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
  }
}
const until = (condition: () => boolean): Promise<void> => vi.waitFor(() => { if (!condition()) throw new Error("not yet") }, { timeout: 60_000, interval: 2 }) // prettier-ignore

/** As a machine that is paused: neither the gateway nor its clients, who are in this process, do anything meanwhile. */
const standStill = (millis: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)

const ok = '{"status":"ok","error":null}'
const tag = (tag_name: string) => ({ type: "add_tag", tag_name })
const metric = (step: number, name = "loss") => ({
  type: "log_metric",
  name,
  value: 0.5,
  step,
  epoch: null,
  context: null,
  dtype: "float",
  client_datetime: "2026-01-01T00:00:00Z",
})
const names = (log: FaultyLog): readonly string[] =>
  log.events.map((event) => (event.type === "RunTagged" ? event.data.name : event.type))

describe("a frame", () => {
  it("is one reply, in order, after its events are in the log, numbered by connection, frame and place", async () => {
    const log = new FaultyLog()
    const { port, stored } = await start(log)
    const { send, replies } = await client(port)
    send([tag("a"), metric(0), metric(1)])
    send([tag("b"), { type: "nope" }])
    send("[]")
    send(tag("c"))
    await until(() => replies.length === 4)
    expect(replies.map((reply) => JSON.parse(reply).status)).toEqual(["ok", "error", "ok", "ok"])
    expect(replies[1]).toContain("item 1: Input tag 'nope'")
    expect(names(log)).toEqual(["a", "PointsLogged", "b", "c"])
    const numbers = log.events.map(({ meta: { writer, seq, part } }) => [writer === log.events[0]!.meta.writer, seq, part])
    expect(numbers).toEqual([[true, 0, 0], [true, 0, 1], [true, 1, 0], [true, 3, 0]]) // prettier-ignore
    expect(new Set(log.events.map(({ meta }) => meta.id)).size).toBe(4)
    const records = (await stored()).flatMap((batch) => [...batch.records])
    expect(records.map((record) => (record.type === "Undecodable" ? record : record.meta))).toEqual(
      log.events.map(({ meta }) => meta),
    )
  })

  it("equal to the one before it is the same frame: one outcome, stored once", async () => {
    const log = new FaultyLog()
    const { port } = await start(log)
    const { send, replies } = await client(port)
    for (const name of ["a", "a", "b", "a"]) send(tag(name))
    await until(() => replies.length === 4)
    expect(replies).toEqual([ok, ok, ok, ok])
    expect(names(log)).toEqual(["a", "b", "a"])
  })

  it("that repeats one still under way waits for the same outcome", async () => {
    const log = new FaultyLog()
    log.mode = "held"
    const { port } = await start(log)
    const { send, replies } = await client(port)
    send(tag("a"))
    send(tag("a"))
    send("x")
    await until(() => log.attempts.length === 1)
    log.release()
    await until(() => replies.length === 3)
    expect(replies.slice(0, 2)).toEqual([ok, ok])
    expect(names(log)).toEqual(["a"])
  })

  it("larger than the log takes loses only what is too large", async () => {
    const log = new FaultyLog()
    log.mostPoints = 1
    const { port } = await start(log)
    const { send, replies } = await client(port)
    send([tag("a"), metric(0), metric(1), tag("b")])
    await until(() => replies.length === 1)
    expect(JSON.parse(replies[0]!)).toEqual({ status: "error", error: "PointsLogged: 99 bytes, at most 1 are kept" })
    expect(names(log)).toEqual(["a", "b"])
  })

  it("larger than the log takes is not answered where the gateway ends before the rest of it is stored", async () => {
    const log = new FaultyLog()
    // Away from when the points alone are refused, so that what comes behind them is not stored.
    const mostPoints = (): number => {
      if (log.attempts.length === 3) log.mode = "away"
      return 1
    }
    Object.defineProperty(log, "mostPoints", { get: mostPoints })
    const { port, close } = await start(log, { drainMs: 2_000 })
    const { send, replies, closed } = await client(port)
    send([tag("a"), metric(0), metric(1), tag("b")])
    await until(() => log.attempts.length > 3)
    await close()
    await closed
    expect(replies).toEqual([])
    expect(names(log)).toEqual(["a"])
  })

  it.each([["1"], ['[{"type":"add_tag","tag_name":"a"},1]'], [Buffer.from("{}")]])(
    "without messages (%s) closes with 1000 and no reply, after what came before is answered",
    async (frame) => {
      const log = new FaultyLog()
      const { port } = await start(log)
      const { send, socket, replies, closed } = await client(port)
      send(tag("before"))
      socket.send(frame)
      send(tag("after"))
      expect(await closed).toBe(1000)
      expect(replies).toEqual([ok])
      expect(names(log)).toEqual(["before"])
    },
  )
})

describe("Law 9: while the log is away", () => {
  it("the reply is held, and the same events go first when it is back", async () => {
    const log = new FaultyLog()
    log.mode = "away"
    const { port } = await start(log)
    const [one, two] = [await client(port), await client(port)]
    one.send(tag("a"))
    await until(() => log.attempts.length >= 1)
    two.send(tag("b"))
    await until(() => log.attempts.length >= 3)
    expect([...one.replies, ...two.replies]).toEqual([])
    expect(new Set(log.attempts.map((events) => events[0]!.meta.id)).size).toBe(1)
    log.mode = "up"
    await until(() => one.replies.length + two.replies.length === 2)
    expect(names(log)).toEqual(["a", "b"])
  })

  it("and its answer is lost, the very same events are appended again before anything newer", async () => {
    const log = new FaultyLog()
    log.mode = "lost"
    const { port } = await start(log)
    const { send, replies } = await client(port)
    send(tag("a"))
    await until(() => log.attempts.length >= 1)
    send(tag("b"))
    await until(() => log.events.length >= 2)
    log.mode = "up"
    await until(() => replies.length === 2)
    expect(
      names(log)
        .slice(0, -1)
        .every((name) => name === "a"),
    ).toBe(true)
    expect(names(log).at(-1)).toBe("b")
    expect(new Set(log.events.map(({ meta }) => meta.id)).size).toBe(2)
  })

  it("for too long, sockets are closed with 1013 and handshakes refused until it is back", async () => {
    const log = new FaultyLog()
    log.mode = "away"
    const { port } = await start(log, { holdMs: 30 })
    const { send, closed, replies } = await client(port)
    send(tag("a"))
    expect(await closed).toBe(1013)
    expect(replies).toEqual([])
    await expect(client(port)).rejects.toThrow("503")
    log.mode = "up"
    await until(() => names(log).includes("a"))
    const again = await client(port)
    again.send(tag("b"))
    await until(() => again.replies.length === 1)
    expect(names(log)).toEqual(["a", "b"])
  })
})

describe("hostile and slow clients", () => {
  it("that send more than is answered are not read", async () => {
    const log = new FaultyLog()
    log.mode = "held"
    const { port } = await start(log, { framesPerSocket: 4 })
    const { send, socket, replies } = await client(port)
    const frames = 300
    for (let frame = 0; frame < frames; frame++) send([tag(String(frame)), { type: "x", filler: "y".repeat(100_000) }])
    await until(() => log.attempts.length === 1)
    expect(socket.bufferedAmount).toBeGreaterThan(10_000_000)
    log.release()
    await until(() => replies.length === frames)
    expect(names(log)).toEqual(Array.from({ length: frames }, (_, frame) => String(frame)))
  })

  it("share the bytes of all that is unanswered, and go on when there is room", async () => {
    const log = new FaultyLog()
    log.mode = "held"
    const { port } = await start(log, { bytesInFlight: 1_000 })
    const clients = await Promise.all(["a", "b", "c"].map((run) => client(port, run)))
    for (let frame = 0; frame < 50; frame++) for (const { send } of clients) send([tag(`${frame}`), { type: "x".repeat(500) }])
    await until(() => log.attempts.length === 3)
    log.release()
    await until(() => clients.every(({ replies }) => replies.length === 50))
  })

  it("with a frame beyond the limit are closed with 1009", async () => {
    const { port } = await start(new FaultyLog())
    const { socket, closed } = await client(port)
    socket.send("x".repeat(64 * 2 ** 20))
    expect(await closed).toBe(1009)
  })

  it("with a frame in a million pieces are closed", async () => {
    const { port } = await start(new FaultyLog())
    const { socket, closed } = await client(port)
    for (let piece = 0; piece < 100_000 && socket.readyState === socket.OPEN; piece++) socket.send(" ", { fin: false })
    expect([1008, 1006]).toContain(await closed)
  })

  it("that do not answer pings are cut off, and those that do are not", async () => {
    const { port } = await start(new FaultyLog(), { pingMs: 20, silentMs: 2_000 })
    const live = await client(port)
    const dead = await client(port, "RUN2", { autoPong: false })
    expect(await dead.closed).toBe(1006)
    live.send("[]")
    await until(() => live.replies.length === 1)
  })

  it("that answered pings while the gateway stood still are not taken for silent", async () => {
    const { port } = await start(new FaultyLog(), { pingMs: 20, silentMs: 300 })
    const { send, replies } = await client(port)
    for (let times = 0; times < 3; times++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      standStill(600)
    }
    send("[]")
    await until(() => replies.length === 1)
  })

  it("are let in at runs only, and only at ids that are none but ids", async () => {
    const { port } = await start(new FaultyLog())
    const refused = { "403": ["RUN1/", "", "%2e%2e"], "400": ["a%2Fb", "%00", "%ff", "x".repeat(300)] }
    for (const [status, paths] of Object.entries(refused))
      for (const path of paths) await expect(client(port, path), path).rejects.toThrow(status)
    for (const path of ["0123456789abcdef0123456789abcdef", "01JABCDEFGHJKMNPQRSTVWXYZ0", "%C3%A9%20run"])
      (await client(port, path)).socket.terminate()
  })

  it("that break off a handshake do no harm", async () => {
    const { port, http } = await start(new FaultyLog())
    const socket = connect(port, "127.0.0.1")
    await new Promise((resolve) => socket.once("connect", resolve))
    socket.write("GET /nope HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    socket.resetAndDestroy()
    expect((await http("/health/live/")).status).toBe(200)
  })
})

/** So long a gateway that ends cuts nobody, though the machine be paused: what it does by itself is seen. */
const patient = { drainMs: 100_000 }

it("a gateway that ends answers what it accepted, closes with 1001, and opens no more", async () => {
  const log = new FaultyLog()
  log.mode = "held"
  const { port, close } = await start(log, patient)
  const { send, replies, closed } = await client(port)
  send(tag("a"))
  await until(() => log.attempts.length === 1)
  const closing = close()
  await expect(client(port)).rejects.toThrow("503")
  log.release()
  expect(await closed).toBe(1001)
  expect(replies).toEqual([ok])
  await closing
  await expect(client(port)).rejects.toThrow("ECONNREFUSED")
})

it("a gateway that ends stores what a client sends before it hears of it", async () => {
  const log = new FaultyLog()
  const { port, close } = await start(log, patient)
  const { socket, send, closed } = await client(port)
  socket.pause()
  const closing = close()
  send(tag("late"))
  await until(() => log.events.length > 0)
  expect(names(log)).toEqual(["late"])
  socket.resume()
  expect(await closed).toBe(1001)
  await closing
})

it("a gateway that ends cuts who does not leave", async () => {
  const { port, close } = await start(new FaultyLog(), { drainMs: 50 })
  const { socket, closed } = await client(port)
  socket.pause()
  await close()
  socket.resume()
  await closed
})

it("a gateway ends though the log never answers, and tells nobody that it was stored", async () => {
  const log = new FaultyLog()
  log.mode = "held"
  const { port, close } = await start(log, { drainMs: 50 })
  const { send, replies, closed } = await client(port)
  send(tag("a"))
  await until(() => log.attempts.length === 1)
  await close()
  await closed
  expect(replies).toEqual([])
})

it("names that bear an id in the log are bound to it, however late it came there", async () => {
  const log = new FaultyLog()
  const created = (id: string, name: string) => ({ fact: catalog.TagCreated({ id, name, color: "", description: "" }), at: 1 })
  const { port, append } = await start(log, {}, [created("t1", "a")])
  const { send, replies } = await client(port)
  send([tag("a"), tag("b")])
  await until(() => replies.length === 1)
  const ids = () => log.events.flatMap((event) => (event.type === "RunTagged" ? [event.data.tagId] : []))
  expect(ids()).toEqual(["t1", expect.stringMatching(/^[0-9a-f-]{36}$/)])
  await append([created("t2", "c")])
  for (let frame = 2; ids().at(-1) !== "t2"; frame++) {
    send([tag("c"), { type: "frame", frame }])
    await until(() => replies.length === frame)
  }
})

describe("REST", () => {
  it("tells version, health and metrics", async () => {
    const { port, http } = await start(new FaultyLog())
    const { send, replies } = await client(port)
    send([tag("a"), metric(0)])
    await until(() => replies.length === 1)
    const version = await http("/api/v1/rest/version/")
    expect(await version.json()).toEqual({ version: "1.2.3", component: "frontier" })
    expect(version.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/)
    expect(await (await http("/health/live/")).json()).toEqual({ status: "ok" })
    expect(await (await http("/health/ready/")).json()).toEqual({ status: "ok", checks: { kafka: "ok", blob: "ok" } })
    const metrics = await (await http("/metrics/")).text()
    for (const line of [
      'matyan_http_requests_total{method="GET",path="/api/v1/rest/version/",status="200"} 1',
      "matyan_ws_connections_active 1",
      'matyan_ws_messages_total{message_type="add_tag"} 1',
      'matyan_ws_messages_total{message_type="log_metric"} 1',
    ])
      expect(metrics).toContain(line)
  })

  it("is not ready while it lets no socket in, whatever the log says of its ends", async () => {
    const log = new FaultyLog()
    const { port, http } = await start(log, { holdMs: 20 })
    log.mode = "away"
    const { send, closed } = await client(port)
    send(metric(0))
    expect(await closed).toBe(1013)
    const answer = await http("/health/ready/")
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { status: "unavailable", checks: { kafka: "the log is away", blob: "ok" } },
    ])
    log.release()
    await vi.waitFor(async () => expect((await http("/health/ready/")).status).toBe(200), { timeout: 60_000 })
  })

  it("tells that it is not ready where the log does not answer at all", async () => {
    const log = new SilentLog()
    const { http } = await start(log)
    log.isSilent = true
    const answer = await http("/health/ready/")
    expect(answer.status).toBe(503)
  })

  it("answers 404, not 500, where an unknown path has characters of a route's pattern in it", async () => {
    const { http } = await start(new FaultyLog())
    for (const path of ["/x*y", "/api/v1/blobs/*/", "/a/:b(c", "/:(", "/::x", "/api/v1/rest/version(", "/*/*"])
      for (const method of ["GET", "HEAD", "POST", "DELETE"]) {
        const { status } = await http(path, { method, redirect: "manual" })
        expect([method, path, status < 500]).toEqual([method, path, true])
      }
    expect((await http("/x*y")).status).toBe(404)
  })

  it("redirects where the final slash is wrong, and knows nothing else", async () => {
    const { http } = await start(new FaultyLog())
    const moved = await http("/api/v1/rest/version?a=1", { redirect: "manual" })
    expect([moved.status, moved.headers.get("location")]).toEqual([307, "/api/v1/rest/version/?a=1"])
    expect((await http("/api/v1/rest/artifacts/presign/", { method: "POST", redirect: "manual" })).status).toBe(307)
    const unknown = await http("/nope")
    expect([unknown.status, await unknown.json()]).toEqual([404, { detail: "Not Found" }])
    const wrongGateway = await http("/api/v1/rest/runs/search/run")
    expect([wrongGateway.status, await wrongGateway.json()]).toMatchObject([
      404,
      { message: expect.stringContaining("query gateway") },
    ])
    expect((await http("//evil.example/..", { redirect: "manual" })).status).toBe(404)
    const wrong = await http("/api/v1/rest/artifacts/presign")
    expect([wrong.status, await wrong.json()]).toEqual([405, { detail: "Method Not Allowed" }])
  })

  it("answers what would upgrade to anything but a WebSocket, with a body where one belongs", async () => {
    const gateway = await start(new FaultyLog())
    const answerOf = async (line: string, upgrade: string): Promise<string> => {
      const socket = connect(gateway.port, "127.0.0.1").setEncoding("latin1")
      let answer = ""
      socket.on("data", (chunk: string) => (answer += chunk))
      socket.write(`${line} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`)
      await new Promise((resolve) => socket.once("close", resolve))
      return answer
    }
    expect(await answerOf("GET /health/ready/", "h2c")).toMatch(/^HTTP\/1\.1 200 [^]*"status"/)
    expect(await answerOf("HEAD /health/ready/", "websocket")).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n$/)
  })

  it("answers the UI's origin", async () => {
    const { http } = await start(new FaultyLog())
    const origin = "http://localhost:53800"
    const { headers } = await http("/health/live/", { headers: { origin } })
    expect(headers.get("access-control-allow-origin")).toBe(origin)
    const other = await http("/health/live/", { headers: { origin: "http://evil.example" } })
    expect(other.headers.get("access-control-allow-origin")).toBeNull()
  })

  const presign = async (http: (path: string, init: RequestInit) => Promise<Response>, body: string) => {
    const headers = { "content-type": "application/json" }
    const answer = await http("/api/v1/rest/artifacts/presign", { method: "POST", body, headers })
    return { status: answer.status, body: (await answer.json()) as unknown }
  }

  it("presigns an upload under the run's own prefix", async () => {
    const { http } = await start(new FaultyLog())
    const { status, body } = await presign(http, '{"run_id":"RUN1","artifact_path":"seq/img a/0.png"}')
    expect(status).toBe(200)
    expect(body).toEqual({ upload_url: expect.stringContaining("/api/v1/blobs/"), s3_key: "RUN1/seq/img a/0.png", headers: null })
  })

  it("refuses to presign what is no key, and names the field", async () => {
    const { http } = await start(new FaultyLog())
    for (const [asked, type, where] of [
      [{ run_id: "a" }, "missing", "artifact_path"],
      [{ run_id: 1, artifact_path: "a" }, "string_type", "run_id"],
      [{ run_id: "a/b", artifact_path: "a" }, "value_error", "run_id"],
      [{ run_id: "a", artifact_path: "../b" }, "value_error", "artifact_path"],
      [{ run_id: "a", artifact_path: "/b" }, "value_error", "artifact_path"],
      [{ run_id: "a", artifact_path: "b//c" }, "value_error", "artifact_path"],
      [{ run_id: "a", artifact_path: "b/./c" }, "value_error", "artifact_path"],
      [{ run_id: "a", artifact_path: "b\0" }, "value_error", "artifact_path"],
      [{ run_id: "a", artifact_path: "b", content_type: "x\r\ny: z" }, "value_error", "content_type"],
    ] as const) {
      const answer = await presign(http, JSON.stringify(asked))
      expect(answer, JSON.stringify(asked)).toMatchObject({ status: 422, body: { detail: [{ type, loc: ["body", where] }] } })
    }
    expect(await presign(http, "nope")).toMatchObject({ status: 422, body: { detail: [{ type: "json_invalid" }] } })
    expect(await presign(http, "[]")).toMatchObject({ status: 422, body: { detail: [{ loc: ["body"] }] } })
  })
})

describe("blobs", () => {
  const type = "image/png"
  const presigned = async (path = "seq/img/0.png") => {
    const { http, port, blobs } = await start(new FaultyLog())
    const body = JSON.stringify({ run_id: "RUN1", artifact_path: path, content_type: type })
    const answer = await http("/api/v1/rest/artifacts/presign", {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    })
    const { upload_url, s3_key } = (await answer.json()) as { readonly upload_url: string; readonly s3_key: string }
    const put = (content: NonNullable<RequestInit["body"]>, contentType = type, url = upload_url) =>
      fetch(url, { method: "PUT", body: content, headers: { "content-type": contentType }, duplex: "half" } as RequestInit)
    const address = () => Effect.runPromise(blobs.signDownload(s3_key, 60))
    return { put, address, port, upload_url, info: () => Effect.runPromise(Effect.result(blobs.info(s3_key))) }
  }
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251))

  it("go up by a presigned address and come down by a signed one, whole or in part, never to be shown", async () => {
    const { put, address } = await presigned(`${"a/".repeat(400)}0.png`)
    expect((await put(content)).status).toBe(200)
    const url = await address()
    const whole = await fetch(url)
    expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true)
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      "content-type": type,
      "content-length": "200000",
      "content-disposition": "attachment",
      "x-content-type-options": "nosniff",
    })
    for (const [range, start, end] of [
      ["bytes=10-19", 10, 20],
      ["bytes=199990-", 199_990, 200_000],
      ["bytes=-5", 199_995, 200_000],
      ["bytes=199998-999999999", 199_998, 200_000],
    ] as const) {
      const part = await fetch(url, { headers: { range } })
      expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes ${start}-${end - 1}/200000`])
      expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(start, end))).toBe(true)
    }
    const beyond = await fetch(url, { headers: { range: "bytes=200000-" } })
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */200000"])
    expect((await fetch(url, { headers: { range: "bytes=x" } })).status).toBe(200)
  })

  it("of JSON are stored as they come", async () => {
    const { http, blobs } = await start(new FaultyLog())
    const upload = await Effect.runPromise(blobs.signUpload("k", { contentType: "application/json", expiresInSeconds: 60 }))
    const headers = { "content-type": "application/json" }
    expect((await fetch(upload.url, { method: "PUT", body: '{"a" :1', headers })).status).toBe(200)
    expect(await (await fetch(await Effect.runPromise(blobs.signDownload("k", 60)))).text()).toBe('{"a" :1')
    expect((await http("/api/v1/blobs/")).status).toBe(403)
  })

  it.each<[string, number, NonNullable<RequestInit["body"]>, string]>([
    ["of another type", 403, "x", "text/html"],
    ["larger than signed for", 413, "x".repeat(1_000_001), type],
    ["larger than signed for, without saying so", 413, new Blob(["x".repeat(1_000_001)]).stream(), type],
  ])("%s are refused with %i and leave nothing", async (_, status, body, contentType) => {
    const { put, info } = await presigned()
    expect((await put(body, contentType)).status).toBe(status)
    expect(await info()).toMatchObject({ _tag: "Failure" })
  })

  it("at a changed address are refused", async () => {
    const { put, upload_url } = await presigned()
    expect((await put("x", type, upload_url.replace("max=", "max=9"))).status).toBe(403)
    expect((await fetch(upload_url)).status).toBe(403)
  })

  it("that break off leave nothing, and the gateway goes on", async () => {
    const { put, info, port, upload_url } = await presigned()
    const { pathname, search } = new URL(upload_url)
    const socket = connect(port, "127.0.0.1")
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n\r\nhalf`)
    await new Promise((resolve) => socket.once("connect", resolve))
    socket.destroySoon()
    expect(await info()).toMatchObject({ _tag: "Failure" })
    expect((await put("whole")).status).toBe(200)
  })
})
