/** A gateway and the network before it in memory, of which each step is steered: what is sent arrives when told to, or never. */
import { decodeFrame } from "../../domain/frame-decode.ts"
import type { Frame } from "../../domain/frame.ts"
import type { Platform, Socket } from "../../sdk/platform.ts"

interface Connection {
  readonly socket: Socket
  isOpen: boolean
  readonly toServer: Uint8Array[]
  readonly toClient: string[]
}

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** What can happen next, where it can. */
const happenings = ["open", "serve", "answer", "cut", "refuse", "pass time"] as const
export type Happening = (typeof happenings)[number]

export class Network {
  /** The first arrival of each frame, as the fold would take them: (writer, seq) not above the last are skipped. */
  readonly folded: { readonly writer: string; readonly seq: number; readonly text: string }[] = []
  readonly #last = new Map<string, number>()
  #connections: Connection[] = []
  #timers: Timer[] = []
  #now = 0

  readonly platform: Pick<Platform, "connect" | "later"> = {
    connect: () => {
      const connection: Connection = {
        isOpen: false,
        toServer: [],
        toClient: [],
        socket: {
          onOpen: () => {},
          onText: () => {},
          onClose: () => {},
          send: (bytes) => void (connection.isOpen && connection.toServer.push(bytes)),
          buffered: () => 0,
          close: () => this.#forget(connection),
        },
      }
      this.#connections.push(connection)
      return connection.socket
    },
    later: (millis, callback) => {
      const timer = { at: this.#now + millis, callback }
      this.#timers.push(timer)
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      }
    },
  }

  /** Does what is said to the oldest connection that it can be done to. */
  happen(what: Happening): void {
    const of = (may: (connection: Connection) => boolean): Connection | undefined => this.#connections.find(may)
    if (what === "pass time") return this.#passTime()
    if (what === "open") return this.#open(of(({ isOpen }) => !isOpen))
    if (what === "serve") return this.#serve(of(({ toServer }) => toServer.length > 0))
    if (what === "answer") return this.#answer(of(({ toClient }) => toClient.length > 0))
    this.#cut(of(({ isOpen }) => isOpen === (what === "cut")))
  }

  /** Closes the open connection, as the gateway does. */
  close(code: number, reason: string): void {
    const connection = this.#connections.find(({ isOpen }) => isOpen)
    if (connection === undefined) return
    this.#forget(connection)
    connection.socket.onClose(code, reason)
  }

  /** What the open connection has sent and the gateway has not read. */
  sent(): readonly string[] {
    const sent = this.#connections.find(({ isOpen }) => isOpen)?.toServer ?? []
    return sent.map((bytes) => {
      const frame = decodeFrame(bytes)
      return typeof frame === "string" ? frame : textOf(frame)
    })
  }

  /** Says something to the client, as the gateway does. */
  say(text: string): void {
    this.#connections.find(({ isOpen }) => isOpen)?.socket.onText(text)
  }

  /** Simulated milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  #open(connection: Connection | undefined): void {
    if (connection === undefined) return
    connection.isOpen = true
    connection.toClient.push('{"protocol":"matyan.v1","frame_bytes":16777216,"frames_in_flight":32}')
    connection.socket.onOpen()
  }

  #serve(connection: Connection | undefined): void {
    if (connection === undefined) return
    const frame = decodeFrame(connection.toServer.shift()!)
    if (typeof frame === "string") throw new Error(frame)
    const { writer, seq } = frame
    const text = textOf(frame)
    if (seq > (this.#last.get(writer) ?? -1)) this.folded.push({ writer, seq, text })
    this.#last.set(writer, Math.max(seq, this.#last.get(writer) ?? -1))
    connection.toClient.push(JSON.stringify({ status: "ok", error: null, writer, seq }))
  }

  #answer(connection: Connection | undefined): void {
    if (connection !== undefined) connection.socket.onText(connection.toClient.shift()!)
  }

  #cut(connection: Connection | undefined): void {
    if (connection === undefined) return
    this.#forget(connection)
    connection.socket.onClose(1006, "")
  }

  #passTime(): void {
    const next = this.#timers.reduce<Timer | undefined>(
      (least, timer) => (least && least.at <= timer.at ? least : timer),
      undefined,
    )
    if (next === undefined) return
    this.#timers = this.#timers.filter((timer) => timer !== next)
    this.#now = next.at
    next.callback()
  }

  #forget(connection: Connection): void {
    connection.isOpen = false
    this.#connections = this.#connections.filter((other) => other !== connection)
  }
}

const textOf = ({ sections }: Frame): string =>
  sections.map((section) => (section.kind === "messages" ? section.json : section.name)).join()
