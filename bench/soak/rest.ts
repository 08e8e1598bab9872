/** Requests to a gateway over connections that are kept, with their status and time. */
import { Agent, request } from "node:http"

export interface Answered {
  readonly status: number
  readonly body: Buffer
  /** From the request to the last byte of its answer. */
  readonly millis: number
}

/** `body` is sent as it is where it is text or bytes, and as JSON otherwise. Rejects where no answer came. */
export type Ask = (method: string, url: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Answered>

/** `end` closes the connections. */
export const requests = (): { readonly ask: Ask; readonly end: () => void } => {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const ask: Ask = (method, url, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const start = performance.now()
      const isRaw = typeof body === "string" || Buffer.isBuffer(body)
      const json = body === undefined || isRaw ? {} : { "content-type": "application/json" }
      const sent = request(url, { method, agent, headers: { ...json, ...headers } }, (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.once("error", reject)
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), millis: performance.now() - start }),
        )
      })
      sent.once("error", reject)
      sent.end(body === undefined || isRaw ? body : JSON.stringify(body))
    })
  return { ask, end: () => agent.destroy() }
}
