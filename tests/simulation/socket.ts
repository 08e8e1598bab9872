/** A WebSocket between a simulated client and the real connection of a gateway. */
import { EventEmitter } from "node:events"
import type { WebSocket } from "ws"
import type { Process } from "./process.ts"
import type { Random } from "./random.ts"
import type { IngestGateway } from "./role.ts"

/** What the client asks for, and hears of it. */
export interface Heard {
  readonly runId: string
  /** The subprotocol; empty for the stock one. */
  readonly protocol: string
  readonly onReply: (text: string) => void
  readonly onClosed: (code: number) => void
}

const open = 1
const closed = 3

/** The gateway's end, as far as the gateway uses it. What is sent arrives in order, after a while. */
export class SimulatedSocket extends EventEmitter {
  readonly OPEN = open
  readyState = open
  readonly protocol: string
  readonly #client: Process
  readonly #gateway: Process
  readonly #random: Random
  readonly #heard: Heard
  readonly #unread: (string | Uint8Array)[] = []
  #isPaused = false
  #arrivals = { gateway: 0, client: 0 }
  readonly #onWay: Readonly<Record<"gateway" | "client", (() => void)[]>> = { gateway: [], client: [] }

  constructor(client: Process, gateway: Process, random: Random, heard: Heard) {
    super()
    this.#client = client
    this.#gateway = gateway
    this.#random = random
    this.#heard = heard
    this.protocol = heard.protocol
  }

  /** For the connection, which knows it as the real one. */
  get asSocket(): WebSocket {
    // It has all that connections call.
    return this as unknown as WebSocket
  }

  /** The client sends a frame. */
  sendFrame(frame: string | Uint8Array): void {
    this.#toGateway(() => {
      this.#unread.push(frame)
      this.#read()
    })
  }

  /** The client, or the network, ends it: what is on its way is lost. */
  cut(): void {
    this.#end(1006)
  }

  send(text: string, sent: () => void = () => undefined): void {
    this.#toClient(() => this.readyState === open && this.#heard.onReply(text))
    this.#gateway.soon(sent)
  }

  close(code: number): void {
    if (this.readyState === open) this.#toClient(() => this.#end(code))
  }

  terminate(): void {
    this.#end(1006)
  }

  ping(): void {
    this.#toGateway(() => this.emit("pong"))
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#gateway.soon(() => this.#read())
  }

  /** Each frame that came is read, unless the gateway reads none now. */
  #read(): void {
    while (!this.#isPaused && this.#unread.length > 0) {
      const frame = this.#unread.shift()!
      this.emit("message", Buffer.from(frame), typeof frame !== "string")
    }
  }

  #end(code: number): void {
    if (this.readyState === closed) return
    this.readyState = closed
    this.#gateway.soon(() => this.emit("close"))
    this.#client.after(this.#random.next() * 20, () => this.#heard.onClosed(code))
  }

  #toGateway(act: () => void): void {
    this.#later("gateway", this.#gateway, () => this.readyState === open && act())
  }

  #toClient(act: () => void): void {
    this.#later("client", this.#client, act)
  }

  /** Nothing overtakes what was sent before it, not even what arrives at the same time. */
  #later(to: "gateway" | "client", process: Process, act: () => void): void {
    const { now } = process.world
    this.#arrivals[to] = Math.max(this.#arrivals[to], now + this.#random.next() * 5)
    this.#onWay[to].push(act)
    process.after(this.#arrivals[to] - now, () => this.#onWay[to].shift()?.())
  }
}

/** Opens a socket to a gateway that lets it in. */
export const openSocket = (
  client: Process,
  { process, sockets }: IngestGateway,
  random: Random,
  heard: Heard,
): SimulatedSocket => {
  const socket = new SimulatedSocket(client, process, random, heard)
  sockets.open(socket.asSocket, heard.runId)
  // Who logs to a gateway that crashed hears of it after a while.
  const look = (): void => {
    if (process.isAlive && socket.readyState === open) void client.after(1_000, look)
    else if (!process.isAlive) socket.cut()
  }
  look()
  return socket
}
