/** Clients that never stop logging: numbered frames of every kind, sent again whenever their reply did not come. */
import {
  createRun,
  type Message,
  metric,
  openSocket,
  params,
  record,
  type Socket,
  tag,
  terminalLine,
  text,
} from "./client-frames.ts"

/** Random numbers from 0 to 1 by a seed: mulberry32, by its published constants. */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What was acknowledged, and so must be there in the end. */
export interface Said {
  readonly points: Map<string, Map<number, number>>
  readonly records: string[]
  readonly lines: Map<number, string>
  readonly texts: Map<number, string>
  readonly params: Map<string, number>
  readonly tags: Set<string>
}

/** Frames of one socket that may be on their way at once. */
const window = 4
/** A run's last 256 records are compared where a frame is sent again, so fewer are on their way. */
const mostRecords = 40

export class Hammer {
  readonly run: string
  readonly said: Said = {
    points: new Map(),
    records: [],
    lines: new Map(),
    texts: new Map(),
    params: new Map(),
    tags: new Set(),
  }
  acknowledged = 0
  readonly errors: string[] = []
  /** How often its socket ended though nobody here had ended it. */
  losses = 0
  readonly #random: () => number
  readonly #prefix: string
  readonly #onAcknowledged: () => void
  readonly #restMs: number
  readonly #unanswered: (readonly Message[])[] = []
  #made = 0
  #socket: Socket | undefined
  #wasCut = false
  #stopping = false

  /**
   * `prefix` keeps two clients of one run apart; only one of them may have none, and it alone sends records and lines. After
   * each reply it waits for `restMs`, for systems that need the machine for themselves.
   */
  constructor(run: string, prefix: string, random: () => number, onAcknowledged: () => void, restMs = 0) {
    this.run = run
    this.#restMs = restMs
    this.#prefix = prefix
    this.#random = random
    this.#onAcknowledged = onAcknowledged
  }

  /** Sends until it is told to finish or the socket is lost; what has no reply stays for the next connection. */
  async connect(frontierUrl: string): Promise<void> {
    let socket: Socket
    try {
      socket = await openSocket(frontierUrl, this.run)
    } catch {
      return
    }
    this.#socket = socket
    const again = this.#unanswered.map((frame) => this.#deliver(socket, frame))
    const senders = Array.from({ length: window }, () => this.#keepSending(socket))
    const delivered = await Promise.all([...again, ...senders])
    socket.close()
    if (!this.#wasCut && delivered.includes(false)) this.losses += 1
    if (!this.#wasCut) return
    this.#wasCut = false
    await this.connect(frontierUrl)
  }

  /** Loses the connection, and with it the replies to frames that the server may have taken; `connect` begins another. */
  cut(): void {
    this.#wasCut = true
    this.#socket?.cut()
  }

  /** Makes no more frames; `connect` ends when all have their reply. */
  finish(): void {
    this.#stopping = true
  }

  get open(): number {
    return this.#unanswered.length
  }

  /** Whether all that it sent was answered. */
  async #keepSending(socket: Socket): Promise<boolean> {
    while (!this.#stopping) {
      if (this.#unanswered.length >= 2 * window) return true
      const frame = this.#frame()
      this.#unanswered.push(frame)
      if (!(await this.#deliver(socket, frame))) return false
      if (this.#restMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#restMs))
    }
    return true
  }

  async #deliver(socket: Socket, frame: readonly Message[]): Promise<boolean> {
    try {
      const { status, error } = await socket.send(frame)
      if (status !== "ok") this.errors.push(error ?? "no reason")
    } catch {
      return false
    }
    this.#unanswered.splice(this.#unanswered.indexOf(frame), 1)
    this.#note(frame)
    this.acknowledged += 1
    this.#onAcknowledged()
    return true
  }

  #frame(): readonly Message[] {
    if (this.#made === 0) {
      this.#made = 1
      return [createRun()]
    }
    const length = 1 + Math.floor(this.#random() ** 2 * 100)
    let records = 0
    return Array.from({ length }, () => {
      const message = this.#message()
      if (message["type"] !== "log_record" || ++records <= mostRecords / window) return message
      return metric(`${this.#prefix}instead`, this.#made, 0)
    })
  }

  #message(): Message {
    const number = this.#made++
    const kind = this.#random()
    const name = `${this.#prefix}m${number % 3}`
    const context = number % 2 === 0 ? null : { subset: "val" }
    if (this.#prefix !== "" || kind < 0.6) return metric(name, number, number / 4, context)
    if (kind < 0.75) return record(`record ${number}`, 1_700_000_000 + number)
    if (kind < 0.85) return terminalLine(`line ${number}`, number)
    if (kind < 0.92) return text("says", number, `text ${number}`)
    if (kind < 0.96) return params({ hparams: { [`p${number % 40}`]: number } })
    if (kind < 0.98) return tag(`tag ${number % 10}`)
    return createRun(true)
  }

  #note(frame: readonly Message[]): void {
    const { points, records, lines, texts, params, tags } = this.said
    for (const message of frame) {
      const step = message["step"] as number
      if (message["type"] === "log_metric") {
        const series = `${String(message["name"])} ${JSON.stringify(message["context"] ?? {})}`
        points.set(series, (points.get(series) ?? new Map<number, number>()).set(step, message["value"] as number))
      } else if (message["type"] === "log_record") records.push(String(message["message"]))
      else if (message["type"] === "log_terminal_line") lines.set(step, String(message["line"]))
      else if (message["type"] === "log_custom_object") texts.set(step, (message["value"] as { readonly data: string }).data)
      else if (message["type"] === "add_tag") tags.add(String(message["tag_name"]))
      else if (message["type"] === "log_hparams")
        for (const [name, value] of Object.entries((message["value"] as { readonly hparams: Record<string, number> }).hparams))
          params.set(name, value)
    }
  }
}
