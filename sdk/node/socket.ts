/**
 * A WebSocket client on Node's own HTTP (RFC 6455). Node 20 has none, and that of later versions keeps the process alive and does not
 * tell why a handshake failed. Proxies of the environment are not used.
 */
import { createHash, randomBytes } from "node:crypto"
import type { ClientRequest, IncomingMessage } from "node:http"
import { createRequire } from "node:module"
import type { Duplex } from "node:stream"
import type { Socket as NetSocket } from "node:net"
import type { Socket } from "../platform.ts"
import { FrameReader, maskedFrame, opcodes, type SocketFrame } from "./socket-frames.ts"

// An import of `node:http` reads all its names, and one of them loads the whole of `fetch`: tens of milliseconds of a start.
const load = createRequire(import.meta.url)

const handshakeMillis = 10_000
const pingMillis = 20_000
/** A server that says nothing for so long, answers to pings included, is gone. */
const silentMillis = 60_000
/** What is still to leave when a connection ends has so long. */
const closingMillis = 2_000
/** What a connection is said to have ended with when nobody said how (RFC 6455, 7.1.5). */
const abnormal = 1006

/** Opens a connection. It does not keep the process alive. */
export const connectSocket = (url: string, subprotocol: string): Socket => new NodeSocket(url, subprotocol)

class NodeSocket implements Socket {
  onOpen = (): void => {}
  onText = (_text: string): void => {}
  onClose = (_code: number, _reason: string): void => {}
  readonly #request: ClientRequest
  readonly #reader = new FrameReader()
  readonly #timer: NodeJS.Timeout
  #stream: Duplex | null = null
  #texts: Buffer[] = []
  #isOver = false
  #heard = performance.now()

  constructor(url: string, subprotocol: string) {
    const address = new URL(url)
    const isSecure = address.protocol === "wss:"
    address.protocol = isSecure ? "https:" : "http:"
    const key = randomBytes(16).toString("base64")
    const { request } = load(isSecure ? "node:https" : "node:http") as typeof import("node:http")
    this.#request = request(address, {
      agent: false,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Protocol": subprotocol,
      },
    })
    this.#request.on("socket", (socket) => (socket as Partial<NetSocket>).unref?.())
    this.#request.on("error", (error) => this.#end(abnormal, error.message))
    this.#request.on("response", (response) => this.#refused(response))
    this.#request.on("upgrade", (response, stream, head) => {
      const problem = handshakeProblem(response, key, subprotocol)
      this.#stream = stream
      if (problem === null) this.#open(stream, head)
      else this.#end(abnormal, problem)
    })
    this.#request.end()
    this.#timer = setInterval(() => this.#lookAfter(), Math.min(handshakeMillis, pingMillis) / 2)
    this.#timer.unref()
  }

  send(bytes: Uint8Array): void {
    if (!this.#isOver) this.#stream?.write(maskedFrame(opcodes.binary, bytes))
  }

  buffered(): number {
    return this.#stream?.writableLength ?? 0
  }

  close(): void {
    if (!this.#isOver) this.#stream?.write(maskedFrame(opcodes.close, closing(1000)))
    this.#end(1000, "")
  }

  #open(stream: Duplex, head: Buffer): void {
    this.#heard = performance.now()
    stream.on("data", (chunk: Buffer) => this.#read(chunk))
    stream.on("error", (error) => this.#end(abnormal, error.message))
    stream.on("close", () => this.#end(abnormal, "the connection broke"))
    this.onOpen()
    if (head.length > 0) this.#read(head)
  }

  #refused(response: IncomingMessage): void {
    const chunks: Buffer[] = []
    response.on("data", (chunk: Buffer) => chunks.length < 16 && chunks.push(chunk))
    response.on("error", () => {})
    response.on("close", () => {
      const text = Buffer.concat(chunks).toString("utf8").slice(0, 200)
      this.#end(abnormal, `${response.statusCode} ${response.statusMessage}${text === "" ? "" : `: ${text}`}`)
    })
  }

  #read(chunk: Buffer): void {
    this.#heard = performance.now()
    const frames = this.#reader.take(chunk)
    if (typeof frames === "string") return this.#end(1002, frames)
    for (const frame of frames) if (!this.#isOver) this.#take(frame)
  }

  #take({ isFinal, opcode, payload }: SocketFrame): void {
    if (opcode === opcodes.ping) this.#stream?.write(maskedFrame(opcodes.pong, payload))
    else if (opcode === opcodes.close) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      this.#stream?.write(maskedFrame(opcodes.close, closing(code === 1005 ? 1000 : code)))
      this.#end(code, payload.subarray(2).toString("utf8"))
    } else if (opcode === opcodes.text || opcode === opcodes.continuation) {
      this.#texts.push(payload)
      if (!isFinal) return
      const text = Buffer.concat(this.#texts).toString("utf8")
      this.#texts = []
      this.onText(text)
    }
  }

  #lookAfter(): void {
    const silent = performance.now() - this.#heard
    if (this.#stream === null && silent > handshakeMillis) this.#end(abnormal, "the server did not answer the handshake")
    else if (silent > silentMillis) this.#end(abnormal, "the server was silent for too long")
    else if (silent > pingMillis) this.#stream?.write(maskedFrame(opcodes.ping, new Uint8Array()))
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#timer)
    // What was written last, such as the closing frame, still leaves.
    if (this.#stream === null) this.#request.destroy()
    else {
      const stream = this.#stream
      stream.end(() => stream.destroy())
      setTimeout(() => stream.destroy(), closingMillis).unref()
    }
    this.onClose(code, reason)
  }
}

const closing = (code: number): Uint8Array => Uint8Array.of(code >> 8, code & 255)

/** What is wrong with the server's part of the handshake (RFC 6455, 4.1), or null. */
const handshakeProblem = ({ headers }: IncomingMessage, key: string, subprotocol: string): string | null => {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")
  if (headers["sec-websocket-accept"] !== accept) return "the server's handshake is not that of a WebSocket"
  const chosen = headers["sec-websocket-protocol"]
  return chosen === subprotocol ? null : `the server does not speak ${subprotocol}: is it older than this SDK?`
}
