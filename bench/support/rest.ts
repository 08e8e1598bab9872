/** Plain REST over kept connections, and waiting until something shows there. */
import { Agent, request } from "node:http"
import { setTimeout as pause } from "node:timers/promises"

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

export interface Answer {
  readonly body: Buffer
  /** Milliseconds to the first and to the last byte of the body. */
  readonly firstByte: number
  readonly lastByte: number
}

/** `path` follows `/api/v1/rest`. Rejects for any status but 200. */
export const get = (backendUrl: string, path: string): Promise<Answer> => call("GET", `${backendUrl}/api/v1/rest${path}`)

export const post = (backendUrl: string, path: string, body: unknown): Promise<Answer> =>
  call("POST", `${backendUrl}/api/v1/rest${path}`, JSON.stringify(body))

export const put = (backendUrl: string, path: string, body: unknown): Promise<Answer> =>
  call("PUT", `${backendUrl}/api/v1/rest${path}`, JSON.stringify(body))

const call = (method: string, url: string, body?: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const headers = body === undefined ? {} : { "content-type": "application/json" }
    const sent = request(url, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = []
      let firstByte = 0
      response.on("data", (chunk: Buffer) => {
        if (firstByte === 0) firstByte = performance.now() - start
        chunks.push(chunk)
      })
      response.on("end", () => {
        const answer = { body: Buffer.concat(chunks), firstByte, lastByte: performance.now() - start }
        if (response.statusCode === 200) resolve(answer)
        else reject(new StatusError(response.statusCode ?? 0, `${url}: ${response.statusCode} ${answer.body.toString("utf8")}`))
      })
      response.on("error", reject)
    })
    sent.on("error", reject)
    sent.end(body)
  })

class StatusError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

interface Info {
  readonly traces: { readonly metric: readonly { readonly name: string; readonly last_value: number }[] }
}

/** The last values of a run's metrics as `GET /runs/{id}/info` tells them; none while the run is not there. */
export const lastValues = async (backendUrl: string, run: string): Promise<readonly number[]> => {
  try {
    const { body } = await get(backendUrl, `/runs/${run}/info`)
    return (JSON.parse(body.toString("utf8")) as Info).traces.metric.map((trace) => trace.last_value)
  } catch (error) {
    if (error instanceof StatusError && error.status === 404) return []
    throw error
  }
}

/** Asks again until it holds, with a pause between (none: as fast as the server answers). */
export const until = async (holds: () => Promise<boolean>, pauseMillis = 5): Promise<void> => {
  while (!(await holds())) if (pauseMillis > 0) await pause(pauseMillis)
}

/** Waits until all metrics of a run, `count` of them, have this last value. */
export const untilLast = (backendUrl: string, run: string, count: number, value: number): Promise<void> =>
  until(async () => {
    const last = await lastValues(backendUrl, run)
    return last.length === count && last.every((each) => each === value)
  })
