/** A client's connection as the stock client keeps one: a frame at a time, sent again on a new socket where its reply was lost. */
import { once } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import { WebSocket } from "ws"
import type { Tally } from "./tally.ts"

export type Message = Readonly<Record<string, unknown>>

const patienceMs = 15_000

export class Connection {
  readonly #url: string
  readonly #tally: Tally
  #socket: WebSocket | undefined

  constructor(frontierUrl: string, run: string, tally: Tally) {
    this.#url = `${frontierUrl.replace(/^http/, "ws")}/api/v1/ws/runs/${run}`
    this.#tally = tally
  }

  /** Resolves when the frame is acknowledged; `isCut`: the first time the socket is cut before the reply can come. */
  async send(frame: Message | readonly Message[], isCut = false): Promise<void> {
    const text = JSON.stringify(frame)
    if (isCut) await this.#cutAfter(text)
    for (;;) {
      const socket = await this.#open()
      const start = performance.now()
      const reply = await exchange(socket, text)
      if (reply === undefined) {
        this.#tally.fault("a socket was closed that nobody here had cut")
        continue
      }
      this.#tally.took("ack", performance.now() - start)
      this.#tally.count("frames")
      if (!reply.startsWith('{"status":"ok"')) this.#tally.fault(`a frame was refused: ${reply}`)
      return
    }
  }

  async close(): Promise<void> {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#socket.close()
    await once(this.#socket, "close")
  }

  async #cutAfter(text: string): Promise<void> {
    const socket = await this.#open()
    await new Promise<void>((resolve) => socket.send(text, () => resolve()))
    socket.terminate()
    this.#tally.count("cuts")
  }

  /** Tries for as long as the stock client does. */
  async #open(): Promise<WebSocket> {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket
    const deadline = performance.now() + patienceMs
    for (;;) {
      const socket = new WebSocket(this.#url, { perMessageDeflate: false })
      const isOpen = await once(socket, "open").then(
        () => true,
        () => false,
      )
      // A socket that breaks later says so by closing.
      socket.on("error", () => undefined)
      if (isOpen) return (this.#socket = socket)
      this.#tally.count("handshakes refused")
      if (performance.now() > deadline) throw new Error("no handshake within 15 s")
      await wait(200)
    }
  }
}

/** Undefined where the socket ended before the reply. */
const exchange = (socket: WebSocket, text: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const told = (data: Buffer): void => {
      socket.off("close", lost)
      resolve(data.toString("utf8"))
    }
    const lost = (): void => {
      socket.off("message", told)
      resolve(undefined)
    }
    socket.once("message", told)
    socket.once("close", lost)
    socket.send(text)
  })
