/** Clients that read: searches and series, and subscribers of what changes, who come and go. */
import { type IncomingMessage, request } from "node:http"
import type { Kept } from "./kept.ts"
import { pause, rest, type Soak } from "./soak.ts"

const search = (kind: string, parameters: Readonly<Record<string, string>>): string =>
  `/runs/search/${kind}?${new URLSearchParams({ report_progress: "false", ...parameters }).toString()}`

export const keepReading = async (soak: Soak, kept: Kept): Promise<void> => {
  const read = (kind: string, path: string, allowed?: readonly number[]) => rest(soak, kind, ["GET", path], undefined, allowed)
  for (let number = 0; !soak.over.aborted; number++) {
    await read("run search", search("run", { q: `run.hparams.layers == ${number % 50}`, limit: "50" }))
    await read("run search, unindexed", search("run", { q: "run.hparams.seed % 7 == 3", limit: "50" }))
    await read("metric search", search("metric", { q: "metric.name == 'loss' and run.hparams.batch < 8", p: "50" }))
    const q = "metric.name == 'column' and run.active == True"
    await read("series", `/runs/series?${new URLSearchParams({ q, buckets: "200" }).toString()}`)
    await read("lists", "/projects/activity/")
    await read("lists", "/experiments/")
    const run = kept.runs.at(-1 - (number % 3))
    if (run !== undefined) await read("run info", `/runs/${run.id}/info/`, [200, 404])
    await pause(soak, 250)
  }
}

/** Follows everything for a while, then goes and comes again. `bytesPerSecond`: reads no more than that. */
export const keepFollowing = async (soak: Soak, seconds: number, bytesPerSecond?: number): Promise<void> => {
  while (!soak.over.aborted) {
    const asked = request(`${soak.backendUrl}/api/v1/rest/stream`)
    asked.on("error", () => undefined)
    asked.once("response", (response) => {
      if (response.statusCode !== 200) soak.tally.fault(`the stream answered ${response.statusCode}`)
      if (bytesPerSecond === undefined) readAll(soak, response)
      else readSlowly(response, bytesPerSecond)
    })
    asked.end()
    await pause(soak, seconds * 1_000)
    asked.destroy()
    soak.tally.count("subscriptions")
  }
}

const readAll = (soak: Soak, response: IncomingMessage): void => {
  response.on("error", () => undefined)
  response.setEncoding("utf8").on("data", (text: string) => {
    soak.tally.count("live events", text.split("data: ").length - 1)
  })
}

const readSlowly = (response: IncomingMessage, bytes: number): void => {
  response.on("error", () => undefined)
  response.pause()
  const timer = setInterval(() => response.read(bytes), 1_000)
  response.once("close", () => clearInterval(timer))
}
