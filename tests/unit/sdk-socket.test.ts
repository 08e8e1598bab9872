/** The WebSocket client of Node against servers of another make, and against such as break the protocol. */
import { createHash } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo, Socket as NetSocket } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { type WebSocket, WebSocketServer } from "ws"
import { connectSocket } from "../../sdk/node/socket.ts"
import type { Socket } from "../../sdk/platform.ts"
import { until } from "../support/wait.ts"

const listen = async (server: Server): Promise<string> => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  // A server that listens to a port has such an address.
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

interface Heard {
  readonly socket: Socket
  readonly texts: string[]
  readonly ends: { readonly code: number; readonly reason: string }[]
  readonly isOpen: () => boolean
}

const connected = (url: string): Heard => {
  const socket = connectSocket(url, "matyan.v1")
  const texts: string[] = []
  const ends: Heard["ends"] = []
  let isOpen = false
  socket.onOpen = () => (isOpen = true)
  socket.onText = (text) => texts.push(text)
  socket.onClose = (code, reason) => ends.push({ code, reason })
  onTestFinished(() => socket.close())
  return { socket, texts, ends, isOpen: () => isOpen }
}

/** A server by `ws`, which checks masks, lengths and reserved bits of what it is sent. */
const withWs = async (onConnection: (socket: WebSocket) => void, protocol = "matyan.v1"): Promise<string> => {
  const server = createServer()
  const sockets = new WebSocketServer({ server, handleProtocols: () => protocol })
  sockets.on("connection", onConnection)
  return listen(server)
}

/** A server that answers the handshake well and is then in the hands of the test. */
const withRaw = async (onUpgrade: (socket: NetSocket) => void): Promise<string> => {
  const server = createServer()
  server.on("upgrade", (request: IncomingMessage, socket: NetSocket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash("sha1").update(key).digest("base64")
    socket.on("error", () => {})
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n` +
        `Sec-WebSocket-Protocol: matyan.v1\r\n\r\n`,
    )
    onUpgrade(socket)
  })
  return listen(server)
}

const ended = ({ ends }: Heard): Promise<unknown> =>
  until(
    "the end",
    () => ends.length,
    (count) => count > 0,
  )

describe("a WebSocket of Node", () => {
  it("sends bytes of every length as they are, and hears texts", async () => {
    const received: Buffer[] = []
    const url = await withWs((socket) =>
      socket.on("message", (data: Buffer, isBinary) => {
        received.push(data)
        socket.send(`${isBinary} ${data.length} ä`)
      }),
    )
    const heard = connected(url)
    await until("to be open", heard.isOpen, Boolean)
    const sizes = [0, 1, 2, 3, 4, 125, 126, 127, 65_535, 65_536, 1_000_003]
    const sent = sizes.map((size) => Uint8Array.from({ length: size }, (_, i) => i * 7))
    for (const bytes of sent) heard.socket.send(bytes)
    await until(
      "all answers",
      () => heard.texts.length,
      (count) => count === sizes.length,
    )
    expect(heard.texts).toEqual(sizes.map((size) => `true ${size} ä`))
    expect(received.map((bytes) => Buffer.compare(bytes, sent[received.indexOf(bytes)]!))).toEqual(sizes.map(() => 0))
    expect(heard.socket.buffered()).toBe(0)
  })

  it("answers pings, and says how the server closed, once", async () => {
    let isAnswered = false
    const url = await withWs((socket) => {
      socket.on("pong", (data) => {
        isAnswered = data.toString() === "are you there"
        socket.close(1013, "come back later")
      })
      socket.ping("are you there")
    })
    const heard = connected(url)
    await ended(heard)
    expect(isAnswered).toBe(true)
    expect(heard.ends).toEqual([{ code: 1013, reason: "come back later" }])
    heard.socket.send(Uint8Array.of(1))
    heard.socket.close()
    expect(heard.ends.length).toBe(1)
  })

  it("puts texts together however their pieces come", async () => {
    const text = "wörds and words ".repeat(20)
    const bytes = Buffer.from(text)
    const half = bytes.indexOf(Buffer.from("ö")) + 1
    const piece = (first: number, part: Buffer): Buffer =>
      part.length < 126
        ? Buffer.concat([Buffer.of(first, part.length), part])
        : Buffer.concat([Buffer.of(first, 126, part.length >> 8, part.length & 255), part])
    const ping = Buffer.of(0x89, 0)
    // Split within a letter, a ping between, and each byte by itself.
    const stream = Buffer.concat([
      piece(0x01, bytes.subarray(0, half)),
      ping,
      piece(0x80, bytes.subarray(half)),
      piece(0x81, bytes),
    ])
    const url = await withRaw((socket) => {
      socket.setNoDelay(true)
      for (const byte of stream) socket.write(Buffer.of(byte))
    })
    const heard = connected(url)
    await until(
      "both texts",
      () => heard.texts.length,
      (count) => count === 2,
    )
    expect(heard.texts).toEqual([text, text])
  })

  it.each([
    ["a masked frame", Buffer.of(0x81, 0x81, 0, 0, 0, 0, 65), 1002],
    ["a reserved bit", Buffer.of(0xc1, 1, 65), 1002],
    ["a frame without end", Buffer.of(0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0), 1002],
  ])("ends a connection over %s", async (_, bytes, code) => {
    const heard = connected(await withRaw((socket) => socket.write(bytes)))
    await ended(heard)
    expect(heard.ends.map(({ code }) => code)).toEqual([code])
    expect(heard.texts).toEqual([])
  })

  it("hears of a connection that is cut within a frame", async () => {
    const heard = connected(await withRaw((socket) => void socket.write(Buffer.of(0x81, 100, 65), () => socket.destroy())))
    await ended(heard)
    expect(heard.ends.map(({ code }) => code)).toEqual([1006])
    expect(heard.texts).toEqual([])
  })

  it.each([403, 503])("says why the server refused: %i", async (status) => {
    const server = createServer()
    server.on("upgrade", (_, socket) =>
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 8\r\nConnection: close\r\n\r\nnot here`),
    )
    const heard = connected(await listen(server))
    await ended(heard)
    expect(heard.ends).toEqual([{ code: 1006, reason: expect.stringMatching(new RegExp(`^${status} .*not here`)) }])
    expect(heard.isOpen()).toBe(false)
  })

  it("takes no server that speaks another protocol, or no WebSocket, or is not there", async () => {
    const others = connected(await withWs(() => {}, "other.v1"))
    await ended(others)
    expect(others.ends[0]!.reason).toContain("does not speak matyan.v1")

    const server = createServer()
    server.on("upgrade", (_, socket) =>
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n",
      ),
    )
    const wrong = connected(await listen(server))
    await ended(wrong)
    expect(wrong.ends[0]!.reason).toContain("not that of a WebSocket")

    const nobody = connected("ws://127.0.0.1:9/")
    await ended(nobody)
    expect(nobody.ends).toEqual([{ code: 1006, reason: expect.stringContaining("ECONNREFUSED") }])
  })
})
