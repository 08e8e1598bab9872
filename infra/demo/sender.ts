/** Sends frames to the ingestion gateway, one at a time, each acknowledged before the next. */
export class Sender {
  readonly #url: string

  constructor(base: string, run: string) {
    this.#url = `${base.replace(/^http/, "ws").replace(/\/$/, "")}/api/v1/ws/runs/${run}`
  }

  /** Rejects with what the gateway said when it did not take a frame, or when it cannot be reached. */
  async sendAll(frames: readonly string[]): Promise<void> {
    const socket = new WebSocket(this.#url)
    const replies = new Replies(socket, this.#url)
    try {
      await replies.opened
      for (const frame of frames) {
        const reply = replies.next()
        socket.send(frame)
        const { status, error } = await reply
        if (status !== "ok") throw new Error(`the gateway refused a frame: ${error}`)
      }
    } finally {
      socket.close()
    }
  }
}

interface Reply {
  readonly status: string
  readonly error: string | null
}

class Replies {
  readonly opened: Promise<void>
  #take: ((reply: Reply) => void) | undefined
  #fail: ((error: Error) => void) | undefined

  constructor(socket: WebSocket, url: string) {
    this.opened = new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve())
      socket.addEventListener("error", () => reject(new Error(`cannot reach ${url}; is "matyan serve" running?`)))
    })
    socket.addEventListener("message", ({ data }) => this.#take?.(JSON.parse(String(data)) as Reply))
    socket.addEventListener("close", ({ code }) => this.#fail?.(new Error(`the connection to ${url} was closed (${code})`)))
  }

  next(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#take = resolve
      this.#fail = reject
    })
  }
}
