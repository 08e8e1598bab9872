/** One connection to the ingestion gateway that is always opened again: what lanes have is sent until it is answered. */
import type { Lane } from "./lane.ts"
import type { Platform, Socket } from "./platform.ts"

export interface SenderOptions {
  /** In order: nothing of a lane is sent while one before it has more. */
  readonly lanes: readonly Lane[]
  readonly platform: Pick<Platform, "connect" | "later">
  /** Of the ingestion gateway, such as `http://localhost:53801`. */
  readonly url: string
  readonly runId: string
  /** Most bytes that may wait in the connection itself. */
  readonly bufferBytes: number
  /** The server is reached, or is not any more. */
  readonly onChange?: (isConnected: boolean, reason: string) => void
  /** An answer came, of whatever lane. */
  readonly onAnswer: () => void
  readonly problem: (text: string) => void
}

export interface Sender {
  /** Sends what may be sent now. */
  readonly pump: () => void
  readonly isConnected: () => boolean
  /** Where in the log what was acknowledged ends, as reads take it; empty where nothing was. */
  readonly position: () => string
  readonly close: () => void
}

export const subprotocol = "matyan.v1"

/** Frames on their way and not answered, unless the gateway says fewer. */
const mostInFlight = 32
const shortestDelay = 50
const longestDelay = 5_000
/** How long a connection may take to say which protocol it speaks. */
const greetingMillis = 10_000
/** A frame over which the gateway closed so many connections as unreadable is given up. */
const mostStrikes = 3
const unreadable: ReadonlySet<number> = new Set([1002, 1003, 1007, 1009])

interface Flying {
  readonly lane: Lane
  readonly seq: number
}

interface Answer {
  readonly protocol?: string
  readonly frames_in_flight?: number
  readonly error?: string | null
  readonly writer?: string
  readonly seq?: number
  readonly position?: string
}

const parsed = (text: string): Answer => {
  try {
    // What is read of it is compared before it is believed.
    return (JSON.parse(text) as Answer | null) ?? {}
  } catch {
    return {}
  }
}

export const senderOf = ({ lanes, platform, url, runId, bufferBytes, ...tell }: SenderOptions): Sender => {
  const address = `${url.replace(/^http/, "ws").replace(/\/+$/, "")}/api/v1/ws/runs/${encodeURIComponent(runId)}`
  let socket: Socket | null = null
  let window = 0
  let flying: Flying[] = []
  let failures = 0
  let struck = ""
  let strikes = 0
  /** Frames, from here on, that are sent one by one: the gateway closed over one of them, and may not have told of those before it. */
  let suspects = 0
  let isClosed = false
  /** The last offset of each partition that was answered. */
  const offsets = new Map<string, number>()
  let stopWaiting = (): void => {}

  const pump = (): void => {
    if (socket === null || window === 0) return
    for (const lane of lanes)
      while (flying.length < (suspects > 0 ? 1 : window) && socket.buffered() < bufferBytes) {
        const frame = lane.take()
        if (frame === "soon") return
        if (frame === null) break
        flying.push({ lane, seq: frame.seq })
        socket.send(frame.bytes)
      }
  }

  const settle = ({ lane, seq }: Flying, refusal: string | null): void => {
    flying.shift()
    failures = 0
    suspects = Math.max(0, suspects - 1)
    if (refusal !== null) tell.problem(`the server refused what was logged: ${refusal}`)
    lane.answered(seq, refusal)
    tell.onAnswer()
  }

  const note = (position: string): void => {
    for (const one of position.split(",")) {
      const at = one.lastIndexOf("/")
      const partition = one.slice(0, at)
      offsets.set(partition, Math.max(offsets.get(partition) ?? 0, Number(one.slice(at + 1))))
    }
  }

  const hear = (text: string): void => {
    const answer = parsed(text)
    const head = flying[0]
    if (answer.protocol === subprotocol) {
      stopWaiting()
      window = Math.min(mostInFlight, answer.frames_in_flight ?? mostInFlight)
      tell.onChange?.(true, "")
    } else if (head !== undefined && answer.writer === head.lane.writer && answer.seq === head.seq) {
      if (answer.position) note(answer.position)
      settle(head, answer.error ?? null)
    } else return lose(1006, `the server answered what was not asked: ${text.slice(0, 200)}`)
    pump()
  }

  const strike = (code: number, reason: string): void => {
    const head = flying[0]
    if (head === undefined || !unreadable.has(code)) return
    suspects = Math.max(suspects, flying.length)
    const name = `${head.lane.writer}.${head.seq}`
    strikes = name === struck ? strikes + 1 : 1
    struck = name
    if (strikes >= mostStrikes) settle(head, reason)
  }

  const lose = (code: number, reason: string): void => {
    if (socket === null) return
    const lost = socket
    socket = null
    window = 0
    stopWaiting()
    lost.onText = lost.onClose = () => {}
    lost.close()
    strike(code, reason)
    flying = []
    for (const lane of lanes) lane.rewind()
    again(reason === "" ? `closed with ${code}` : reason)
  }

  const again = (reason: string): void => {
    if (isClosed) return
    const delay = Math.min(longestDelay, shortestDelay * 2 ** failures++) * (0.5 + Math.random())
    stopWaiting = platform.later(delay, open)
    tell.onChange?.(false, reason)
  }

  const open = (): void => {
    try {
      socket = platform.connect(address, subprotocol)
    } catch (error) {
      return again(String(error))
    }
    stopWaiting = platform.later(greetingMillis, () => lose(1006, "the server did not say that it speaks matyan.v1"))
    socket.onText = hear
    socket.onClose = lose
  }

  open()
  return {
    pump,
    isConnected: () => window > 0,
    position: () => [...offsets].map((one) => one.join("/")).join(","),
    close: () => {
      isClosed = true
      stopWaiting()
      lose(1000, "")
    },
  }
}
