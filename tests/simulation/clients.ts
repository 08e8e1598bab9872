/** Clients that log runs as the stock client does: a frame at a time, sent again when its reply does not come. */
import type { Cluster } from "./cluster.ts"
import type { FrameDeed } from "./deeds.ts"
import { Process } from "./process.ts"
import type { Random } from "./random.ts"
import type { IngestGateway } from "./role.ts"
import { openSocket, type SimulatedSocket } from "./socket.ts"

/** What became of a frame; `copies` counts the connections that it was sent on. */
export interface SentFrame {
  readonly run: string
  readonly deed: FrameDeed
  readonly outcome: "ok" | "error" | "unknown"
  readonly copies: number
}

type Heard = { readonly reply: string } | "closed" | "late"

/** How long the stock client waits for a reply before it sends the frame again on the same connection, and how often. */
const patience = 15_000
const mostSends = 3

/** Whoever logs a run. */
export interface LoggingClient {
  readonly sent: readonly SentFrame[]
  readonly isIdle: boolean
  readonly log: (deed: FrameDeed) => void
  /** What it stands on breaks. */
  readonly cut: () => void
}

export class RunClient implements LoggingClient {
  readonly #cluster: Cluster
  readonly #process: Process
  readonly #random: Random
  readonly #runId: string
  readonly #frames: FrameDeed[] = []
  #socket: SimulatedSocket | null = null
  #hear: (heard: Heard) => void = () => undefined
  #isWorking = false
  readonly sent: SentFrame[] = []

  constructor(cluster: Cluster, index: number, runId: string) {
    this.#cluster = cluster
    this.#runId = runId
    this.#process = new Process(cluster.world, `client ${index}`)
    this.#random = cluster.world.random(`client ${index}`)
  }

  get isIdle(): boolean {
    return !this.#isWorking
  }

  log(deed: FrameDeed): void {
    this.#frames.push(deed)
    if (this.#isWorking) return
    this.#isWorking = true
    void this.#work()
  }

  /** The network breaks. */
  cut(): void {
    this.#socket?.cut()
  }

  async #work(): Promise<void> {
    for (let deed = this.#frames.shift(); deed !== undefined; deed = this.#frames.shift()) {
      const frame = await this.#see(deed)
      this.#cluster.world.trace(`frame of ${this.#runId}: ${frame.outcome} ${frame.copies}`)
      this.sent.push(frame)
    }
    this.#isWorking = false
  }

  /** Sends a frame until it is answered, or may not be sent again. */
  async #see(deed: FrameDeed): Promise<SentFrame> {
    const text = JSON.stringify(deed.messages)
    for (let copies = 1; ; copies++) {
      const heard = await this.#ask(await this.#connected(), text)
      const told = { run: this.#runId, deed, copies }
      if (typeof heard === "object") {
        const { status, error } = JSON.parse(heard.reply) as { status: "ok" | "error"; error: string | null }
        if (status === "error") this.#cluster.violate(`a good frame was answered: ${String(error)}`)
        return { ...told, outcome: status }
      }
      if (!deed.isRepeatable) return { ...told, outcome: "unknown" }
    }
  }

  async #ask(socket: SimulatedSocket, text: string): Promise<Heard> {
    for (let sends = 0; sends < mostSends; sends++) {
      const heard = new Promise<Heard>((resolve) => (this.#hear = resolve))
      socket.sendFrame(text)
      const cancel = this.#process.after(patience, () => this.#hear("late"))
      const what = await heard
      cancel()
      if (what !== "late") return what
    }
    socket.cut()
    this.#socket = null
    return "closed"
  }

  async #connected(): Promise<SimulatedSocket> {
    while (this.#socket?.readyState !== 1) {
      const gateways = this.#cluster.ingests.filter(({ sockets }) => sockets.refusal === null)
      if (gateways.length > 0) this.#socket = this.#open(this.#random.pick(gateways))
      else await this.#process.wait(300)
    }
    return this.#socket
  }

  #open(gateway: IngestGateway): SimulatedSocket {
    const socket: SimulatedSocket = openSocket(this.#process, gateway, this.#random, {
      runId: this.#runId,
      protocol: "",
      onReply: (reply) => this.#hear({ reply }),
      onClosed: () => {
        if (this.#socket === socket) this.#hear("closed")
      },
    })
    return socket
  }
}
