/** A client of the protocol `matyan.v1` that sends what it is told to. */
import { encodeFrame, type Frame, type PointsSection, type Section } from "../../domain/frame.ts"
import { at, type Json, restOf } from "./rest.ts"

export interface Answer {
  readonly status: "ok" | "error"
  readonly error: string | null
  readonly writer: string
  readonly seq: number
}

export interface FrameSocket {
  readonly protocol: string
  /** What the gateway said first. */
  readonly greeting: unknown
  /** Sends one frame; resolves with its answer, rejects where the socket ends before. */
  readonly send: (frame: Frame | Uint8Array | string) => Promise<Answer>
  /** Resolves when the socket has ended, by whichever side. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly close: () => void
}

export const openFrameSocket = async (frontierUrl: string, runId: string): Promise<FrameSocket> => {
  const socket = new WebSocket(`${frontierUrl.replace(/^http/, "ws")}/api/v1/ws/runs/${runId}`, ["other", "matyan.v1"])
  const waiting: PromiseWithResolvers<Answer>[] = []
  const greeting = Promise.withResolvers<unknown>()
  const closed = Promise.withResolvers<{ readonly code: number; readonly reason: string }>()
  let isGreeted = false
  socket.addEventListener("message", ({ data }) => {
    if (isGreeted) waiting.shift()?.resolve(JSON.parse(String(data)) as Answer)
    else greeting.resolve(JSON.parse(String(data)))
    isGreeted = true
  })
  socket.addEventListener("close", ({ code, reason }) => {
    const error = new Error(`the socket ended with ${code} ${reason}`)
    for (const { reject } of waiting.splice(0)) reject(error)
    greeting.reject(error)
    closed.resolve({ code, reason })
  })
  return {
    greeting: await greeting.promise,
    protocol: socket.protocol,
    closed: closed.promise,
    close: () => socket.close(),
    send: (frame) => {
      if (socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error("the socket ended before"))
      const answer = Promise.withResolvers<Answer>()
      waiting.push(answer)
      socket.send(typeof frame === "string" ? frame : new Uint8Array(frame instanceof Uint8Array ? frame : encodeFrame(frame)))
      return answer.promise
    },
  }
}

/** Points of a metric, a second apart, from 2026 on. Steps null: to be counted on. */
export const pointsOf = (name: string, values: readonly number[], steps: readonly number[] | null = null): PointsSection => ({
  kind: "points",
  name,
  context: "",
  dtype: "",
  steps,
  epochs: null,
  times: values.map((_, i) => (1_767_225_600 + i) * 1_000_000),
  values: new Float64Array(values),
})

export const messagesOf = (...messages: readonly object[]): Section => ({ kind: "messages", json: JSON.stringify(messages) })

/** The steps and values of a metric without a context; none where nobody knows the run yet. */
export const pointsIn = async (backendUrl: string, run: string, name: string): Promise<readonly [Json, Json]> => {
  const { ask } = restOf(backendUrl)
  if ((await ask("GET", `/runs/${run}/info/`)).status !== 200) return [[], []]
  const { body } = await ask("POST", `/runs/${run}/metric/get-batch/`, [{ name, context: {} }])
  return [at(body, 0, "iters") ?? [], at(body, 0, "values") ?? []]
}
