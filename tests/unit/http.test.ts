import { once } from "node:events"
import { connect } from "node:net"
import { expect, it, onTestFinished } from "vitest"
import { healthRoutes } from "../../gateways/health.ts"
import { httpServer } from "../../gateways/http.ts"
import { httpMetrics, metricsRegistry } from "../../gateways/metrics.ts"

const start = async (vital: string, headersTimeoutMs = 30_000) => {
  const server = await httpServer({
    corsOrigins: [],
    bodyBytes: 1_000,
    headersTimeoutMs,
    metrics: httpMetrics(metricsRegistry()),
  })
  onTestFinished(() => server.close())
  healthRoutes(server, [
    { name: "log", vital: true, check: async () => vital },
    { name: "blob", vital: false, check: async () => "bucket not found" },
  ])
  await server.listen({ host: "127.0.0.1", port: 0 })
  const address = server.server.address()
  if (typeof address !== "object" || address === null) throw new Error("no address")
  return address.port
}

it.each(["", "GET / HTTP/1.1\r\nHost: x\r\n"])("a client that sends %j and no more is cut off", async (head) => {
  const socket = connect(await start("ok", 50), "127.0.0.1")
  socket.write(head)
  socket.resume()
  await once(socket, "close")
})

it("a connection ends with the answer to an upgrade that is not taken: what follows its body would never be answered", async () => {
  const socket = connect(await start("ok"), "127.0.0.1").setEncoding("latin1")
  let answer = ""
  socket.on("data", (chunk: string) => (answer += chunk))
  const upgrade = "PUT /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
  socket.write(`${upgrade}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhiGET /health/ready/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await once(socket, "close")
  expect(answer).toMatch(/^HTTP\/1\.1 404 [^]*\r\nconnection: close\r\n/i)
})

it("a gateway is ready when what is vital is, and tells the rest", async () => {
  const ready = await fetch(`http://127.0.0.1:${await start("ok")}/health/ready/`)
  expect([ready.status, await ready.json()]).toEqual([200, { status: "ok", checks: { log: "ok", blob: "bucket not found" } }])
  const away = await fetch(`http://127.0.0.1:${await start("away")}/health/ready/`)
  expect([away.status, await away.json()]).toEqual([
    503,
    { status: "unavailable", checks: { log: "away", blob: "bucket not found" } },
  ])
})
