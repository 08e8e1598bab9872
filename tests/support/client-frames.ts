/** A client of the ingestion gateway that speaks the wire itself: one frame, one reply, in order. */

export type Message = Readonly<Record<string, unknown>>
export interface Reply {
  readonly status: "ok" | "error"
  readonly error: string | null
}

export interface Socket {
  /** Sends one frame; resolves with its reply, rejects where the socket ends before. */
  readonly send: (messages: Message | readonly Message[] | string) => Promise<Reply>
  readonly close: () => void
  /** Ends as when the network is cut: replies that are still to come are not heard. */
  readonly cut: () => void
  /** Resolves with the code when the socket has ended, by whichever side. */
  readonly closed: Promise<number>
}

export const openSocket = async (frontierUrl: string, runId: string): Promise<Socket> => {
  const socket = new WebSocket(`${frontierUrl.replace(/^http/, "ws")}/api/v1/ws/runs/${encodeURIComponent(runId)}`)
  const waiting: { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void }[] = []
  const lose = (): void => {
    for (const { reject } of waiting.splice(0)) reject(new Error("the socket ended before the reply"))
  }
  socket.addEventListener("message", ({ data }) => waiting.shift()?.resolve(JSON.parse(String(data)) as Reply))
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener("close", ({ code }) => {
      lose()
      resolve(code)
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve())
    socket.addEventListener("error", () => reject(new Error("the socket did not open")))
  })
  return {
    closed,
    close: () => socket.close(),
    cut: () => {
      lose()
      socket.close()
    },
    send: (messages) =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== WebSocket.OPEN) return reject(new Error("the socket is not open"))
        waiting.push({ resolve, reject })
        socket.send(typeof messages === "string" ? messages : JSON.stringify(messages))
      }),
  }
}

const clientTime = "2026-01-01T00:00:00+00:00"

export const createRun = (forceResume = false): Message => ({
  type: "create_run",
  client_datetime: clientTime,
  force_resume: forceResume,
})

export const metric = (name: string, step: number, value: number, context: Message | null = null): Message => ({
  type: "log_metric",
  name,
  value,
  step,
  epoch: null,
  context,
  dtype: "float",
  client_datetime: clientTime,
})

export const params = (value: Message): Message => ({ type: "log_hparams", value })

export const record = (message: string, timestamp: number): Message => ({
  type: "log_record",
  message,
  level: 20,
  timestamp,
  logger_info: ["train.py", 7],
  extra_args: { at: timestamp },
})

export const terminalLine = (line: string, step: number): Message => ({ type: "log_terminal_line", line, step })

export const text = (name: string, step: number, data: string): Message => ({
  type: "log_custom_object",
  name,
  value: { type: "text", data },
  step,
  epoch: null,
  context: null,
  dtype: "text",
})

export const tag = (name: string): Message => ({ type: "add_tag", tag_name: name })
