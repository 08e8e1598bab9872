/** Requests as they stand, to the byte: nothing is made well-formed on the way, as `fetch` would. */
import { Agent, request as httpRequest } from "node:http"
import { connect } from "node:net"

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

export interface RawClient {
  /** Rejects where the answer has not ended in time. An endless one is left when it has begun. */
  readonly send: (
    method: string,
    target: string,
    headers: Readonly<Record<string, string>>,
    body: string | Buffer | undefined,
    isEndless?: boolean,
  ) => Promise<RawAnswer>
  /** What is answered to bytes; empty where the server only closed the connection. */
  readonly bytes: (text: string) => Promise<string>
  readonly close: () => void
}

/** For a broken server only. */
const mostMillis = 60_000

export const rawClient = (url: string): RawClient => {
  const { hostname, port } = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  return {
    close: () => agent.destroy(),
    send: (method, target, headers, body, isEndless = false) =>
      new Promise((resolve, reject) => {
        const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }
        const asked = httpRequest({ hostname, port, agent, method, path: target, headers: { ...headers, ...length } })
        const late = setTimeout(() => asked.destroy(new Error("no end of the answer in 60 s")), mostMillis)
        asked.once("error", (error) => (clearTimeout(late), reject(error)))
        asked.once("response", (response) => {
          const chunks: Buffer[] = []
          const end = (): void => {
            clearTimeout(late)
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
          }
          if (isEndless && response.statusCode === 200) {
            end()
            response.destroy()
            return
          }
          response.on("data", (chunk: Buffer) => chunks.push(chunk))
          response.once("end", end)
          response.once("error", (error) => (clearTimeout(late), reject(error)))
        })
        asked.end(body)
      }),
    bytes: (text) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: hostname, port: Number(port) })
        let answer = ""
        const late = setTimeout(() => {
          socket.destroy()
          reject(new Error(`the connection was neither answered nor closed in 60 s: ${JSON.stringify(text.slice(0, 80))}`))
        }, mostMillis)
        socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk))
        socket.once("error", () => undefined)
        socket.once("close", () => (clearTimeout(late), resolve(answer)))
        socket.end(Buffer.from(text, "latin1"))
      }),
  }
}
