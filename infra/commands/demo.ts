import { Effect } from "effect"
import { settings } from "../config.ts"
import { demoRun } from "../demo/runs.ts"
import { Sender } from "../demo/sender.ts"
import { type Command, runCommand } from "./command.ts"

export const demoCommand: Command = {
  summary: "log a few hundred realistic runs into a running server",
  help: `A sweep of small trainings over learning rate, batch size, optimizer and seed, with metrics for two subsets, tags, texts,
distributions and logs, sent through the ingestion gateway as a client would. The same seed gives the same runs.

  matyan serve &
  matyan demo --runs 300
`,
  options: {
    runs: { type: "string", value: "count", says: "how many runs (300)" },
    seed: { type: "string", value: "number", says: "what the runs are drawn from (1)" },
    url: { type: "string", value: "url", says: "the ingestion gateway (that of the settings)" },
  },
  run: (options) => {
    const runs = countOf(options["runs"], 300)
    const seed = countOf(options["seed"], 1)
    if (runs === undefined || seed === undefined) {
      process.stderr.write("matyan: --runs and --seed must be whole numbers above 0\n")
      return Promise.resolve(2)
    }
    return runCommand(demo(runs, seed, typeof options["url"] === "string" ? options["url"] : undefined))
  },
}

const countOf = (text: string | boolean | undefined, fallback: number): number | undefined => {
  if (text === undefined) return fallback
  const count = Number(text)
  return Number.isSafeInteger(count) && count > 0 ? count : undefined
}

const atOnce = 8

const demo = (runs: number, seed: number, url: string | undefined) =>
  Effect.gen(function* () {
    const { host, frontierPort, frontierUrl } = yield* settings
    const target = url ?? frontierUrl ?? `http://${host}:${frontierPort}`
    const start = performance.now()
    let points = 0
    let done = 0
    const one = (index: number) =>
      Effect.tryPromise({
        try: async () => {
          const { id, frames, points: count } = demoRun(seed, index, Date.now() / 1000)
          await new Sender(target, id).sendAll(frames)
          points += count
          done += 1
          if (done % 50 === 0) process.stderr.write(`${done} of ${runs} runs\n`)
        },
        catch: (error) => error,
      })
    const indexes = Array.from({ length: runs }, (_, i) => i)
    yield* Effect.forEach(indexes, one, { concurrency: atOnce, discard: true })
    const seconds = (performance.now() - start) / 1000
    process.stdout.write(
      `${runs} runs with ${points.toLocaleString("en")} points logged to ${target} in ${seconds.toFixed(1)} s\n`,
    )
    return 0
  })
