/** One WebSocket of one run: frames out, replies in, in order. */
import { once } from "node:events"
import { WebSocket } from "ws"

export class Client {
  readonly #socket: WebSocket
  readonly #waiting: PromiseWithResolvers<void>[] = []

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on("message", (data: Buffer) => {
      const reply = data.toString("utf8")
      const frame = this.#waiting.shift()
      if (reply.startsWith('{"status":"ok"')) frame?.resolve()
      else frame?.reject(new Error(`a frame was refused: ${reply}`))
    })
    socket.on("close", () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("the socket was closed"))
    })
  }

  static async open(frontierUrl: string, run: string): Promise<Client> {
    const socket = new WebSocket(`${frontierUrl.replace(/^http/, "ws")}/api/v1/ws/runs/${run}`, { perMessageDeflate: false })
    await once(socket, "open")
    return new Client(socket)
  }

  /** Resolves when the frame is acknowledged. */
  send(frame: string): Promise<void> {
    const acknowledged = Promise.withResolvers<void>()
    this.#waiting.push(acknowledged)
    this.#socket.send(frame)
    return acknowledged.promise
  }

  /** Sends all, at most so many unacknowledged at a time; the stock client has one. */
  async sendAll(frames: readonly string[], inFlight = 1): Promise<void> {
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < frames.length) await this.send(frames[next++]!)
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
  }

  async close(): Promise<void> {
    this.#socket.close()
    await once(this.#socket, "close")
  }
}
