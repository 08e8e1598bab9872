/** A client that logs as the SDK does, with its own sender and outboxes: many frames on their way, each counts once whatever happens. */
import { encodeFrame, type Section } from "../../domain/frame.ts"
import type { Lane } from "../../sdk/lane.ts"
import { outboxOf } from "../../sdk/outbox.ts"
import type { Socket, Spool } from "../../sdk/platform.ts"
import { type Sender, senderOf } from "../../sdk/sender.ts"
import { memorySpool } from "../../sdk/spool/memory.ts"
import type { LoggingClient, SentFrame } from "./clients.ts"
import type { Cluster } from "./cluster.ts"
import type { FrameDeed } from "./deeds.ts"
import { Process } from "./process.ts"
import type { Random } from "./random.ts"
import { openSocket, type SimulatedSocket } from "./socket.ts"

type Message = FrameDeed["messages"][number]

export class SdkClient implements LoggingClient {
  readonly sent: SentFrame[] = []
  readonly #cluster: Cluster
  readonly #process: Process
  readonly #random: Random
  readonly #runId: string
  /** What is not answered, by writer and number. */
  readonly #waiting = new Map<string, FrameDeed>()
  /** Of all that ever logged here: a process that dies leaves its own to the next one. */
  readonly #spools: Spool[] = []
  #outbox = outboxOf(memorySpool("", "", "", 0), { keepBytes: 0, onReady: () => undefined, problem: () => undefined })
  #sender: Sender | null = null
  #socket: SimulatedSocket | null = null

  constructor(cluster: Cluster, index: number, runId: string) {
    this.#cluster = cluster
    this.#runId = runId
    this.#process = new Process(cluster.world, `client ${index}`)
    this.#random = cluster.world.random(`client ${index}`)
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  log(deed: FrameDeed): void {
    if (this.#sender === null) this.#begin()
    const { writer } = this.#outbox
    const seq = this.#outbox.next()
    const logged = { ...deed, messages: deed.messages.map((message) => this.#withoutStep(message)) }
    this.#waiting.set(`${writer} ${seq}`, logged)
    this.#outbox.append({ seq, bytes: encodeFrame({ writer, seq, sections: sectionsOf(logged.messages) }) })
    this.#sender?.pump()
  }

  /** The network breaks, or the process dies and another one goes on. */
  cut(): void {
    if (this.#random.chance(0.5) || this.#sender === null) return this.#socket?.cut()
    this.#sender.close()
    this.#begin()
  }

  #begin(): void {
    const writer = `${this.#process.newId().replaceAll("-", "").slice(1)}0`
    this.#spools.push(memorySpool(writer, this.#runId, "", Infinity))
    // Little memory, so that frames are read back from the spool.
    const options = { keepBytes: this.#random.int(1_000), onReady: () => this.#sender?.pump(), problem: this.#broken }
    const outboxes = this.#spools.map((spool) => outboxOf(spool, options))
    this.#outbox = outboxes.at(-1)!
    this.#sender = senderOf({
      lanes: outboxes.map((outbox) => this.#heard(outbox)),
      platform: { connect: () => this.#connect(), later: (millis, callback) => this.#process.after(millis, callback) },
      url: "http://gateway",
      runId: this.#runId,
      bufferBytes: 1_000,
      onAnswer: () => undefined,
      problem: this.#broken,
    })
  }

  readonly #broken = (text: string): void => this.#cluster.violate(`a client of the SDK has a problem: ${text}`)

  /** A lane whose answers are noted. */
  #heard(lane: Lane): Lane {
    return {
      ...lane,
      answered: (seq, refusal) => {
        const name = `${lane.writer} ${seq}`
        const deed = this.#waiting.get(name)
        this.#cluster.world.trace(`frame of ${this.#runId}: ${seq} of ${lane.writer} is answered`)
        if (deed === undefined) this.#cluster.violate(`frame ${name} was answered twice`)
        else this.sent.push({ run: this.#runId, deed, outcome: "ok", copies: 1 })
        this.#waiting.delete(name)
        lane.answered(seq, refusal)
      },
    }
  }

  #connect(): Socket {
    const gateways = this.#cluster.ingests.filter(({ sockets }) => sockets.refusal === null)
    if (gateways.length === 0) throw new Error("nobody lets it in")
    const socket: Socket = {
      onOpen: () => undefined,
      onText: () => undefined,
      onClose: () => undefined,
      send: (bytes) => simulated.sendFrame(bytes),
      buffered: () => 0,
      close: () => simulated.cut(),
    }
    const simulated = openSocket(this.#process, this.#random.pick(gateways), this.#random, {
      runId: this.#runId,
      protocol: "matyan.v1",
      onReply: (text) => socket.onText(text),
      onClosed: (code) => socket.onClose(code, ""),
    })
    this.#socket = simulated
    return socket
  }

  #withoutStep(message: Message): Message {
    return message["type"] === "log_terminal_line" && this.#random.chance(0.5) ? { ...message, step: null } : message
  }
}

/** Points of one sequence that follow one another become columns, the rest stays messages. */
const sectionsOf = (messages: readonly Message[]): readonly Section[] => {
  const groups: Message[][] = []
  for (const message of messages) {
    const group = groups.at(-1)
    if (group !== undefined && kindOf(group[0]!) === kindOf(message)) group.push(message)
    else groups.push([message])
  }
  return groups.map((group) => (group[0]!["type"] === "log_metric" ? pointsOf(group) : messagesOf(group)))
}

const kindOf = ({ type, name, context, step }: Message): string =>
  type === "log_metric" ? JSON.stringify([name, context, step === null]) : "message"

const messagesOf = (messages: readonly Message[]): Section => ({ kind: "messages", json: JSON.stringify(messages) })

const pointsOf = (messages: readonly Message[]): Section => {
  const { name, context, step } = messages[0]!
  const numbers = (field: string): readonly number[] => messages.map((message) => Number(message[field]))
  return {
    kind: "points",
    name: String(name),
    context: context === null ? "" : JSON.stringify(context),
    dtype: "",
    steps: step === null ? null : numbers("step"),
    epochs: null,
    times: messages.map(({ client_datetime }) => Date.parse(String(client_datetime)) * 1_000),
    values: new Float64Array(numbers("value")),
  }
}
