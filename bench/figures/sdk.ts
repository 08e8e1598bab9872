import { execFile } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { rolldown } from "rolldown"
import { type Figure, median, quantile, repeated, type Sample } from "../support/figure.ts"
import { cpuSeconds } from "../support/processes.ts"
import { withServer } from "../support/server.ts"

const program = fileURLToPath(new URL("../support/sdk-process.ts", import.meta.url))
const nowhere = "http://127.0.0.1:9"

/** Builds the SDK as the package does, for a start is mostly the loading of files. */
const built = async (folder: string): Promise<string> => {
  const input = { node: fileURLToPath(new URL("../../sdk/node.ts", import.meta.url)) }
  const build = await rolldown({ input, platform: "node", external: [/^node:/] })
  await build.write({ dir: folder, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" })
  await build.close()
  return join(folder, "node.mjs")
}

/** What a process of its own measured. The caller names its form. */
const measuredBy = async <A>(folder: string, module: string, what: string, url: string): Promise<A> => {
  const place = mkdtempSync(join(folder, "spool-"))
  const options = (process.env["BENCH_SDK_OPTIONS"] ?? "").split(" ").filter((option) => option !== "")
  const { stdout } = await promisify(execFile)(process.execPath, [...options, program, module, what, url, place])
  return JSON.parse(stdout) as A
}

interface Calls {
  readonly one: readonly number[]
  readonly two: readonly number[]
}

const callSamples = ({ one, two }: Calls): readonly Sample[] => [
  { name: "sdk, log() of one value: median", unit: "ns", value: median(one) },
  { name: "sdk, log() of one value: 99 %", unit: "ns", value: quantile(one, 0.99) },
  { name: "sdk, log() of one value", unit: "calls/s", value: (1e9 * one.length) / one.reduce((sum, time) => sum + time, 0) },
  { name: "sdk, log() of two values: median", unit: "ns", value: median(two) },
]

export const sdkLog: Figure = {
  name: "sdk-log",
  says: "Calls of log() into a spool of files, in stretches of a thousand, each of which is one time of a call.",
  measure: async ({ rounds, folder }) => {
    const module = await built(folder)
    return repeated(rounds, async () => callSamples(await measuredBy<Calls>(folder, module, "log", nowhere)))
  },
}

export const sdkStart: Figure = {
  name: "sdk-start",
  says: "From before the import of the built SDK until the first values are logged, in a new process.",
  measure: async ({ rounds, folder }) => {
    const module = await built(folder)
    return repeated(rounds, async () => {
      const { start } = await measuredBy<{ readonly start: number }>(folder, module, "start", nowhere)
      return [{ name: "sdk, import to first log()", unit: "ms", value: start }]
    })
  },
}

interface Durable {
  readonly points: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** MiB. */
  readonly grown: number
}

export const sdkDurable: Figure = {
  name: "sdk-durable",
  says: "Two million points of four sequences from one process, until the log has acknowledged the last; spooled on the way.",
  measure: async ({ rounds, folder, place }) => {
    const module = await built(folder)
    return withServer(await place("sdk"), ({ frontierUrl, pid }) =>
      repeated(rounds, async () => {
        const before = cpuSeconds(pid)
        const { points, seconds, cpuSeconds: own, grown } = await measuredBy<Durable>(folder, module, "durable", frontierUrl)
        const server = cpuSeconds(pid) - before
        return [
          { name: "sdk, log() to durable", unit: "points/s", value: points / seconds },
          { name: "sdk, log() to durable: process", unit: "points/CPU-s", value: points / own },
          { name: "sdk, log() to durable: server, folding included", unit: "points/CPU-s", value: points / server },
          { name: "sdk, log() to durable: memory of the process", unit: "MiB", value: grown },
        ]
      }),
    )
  },
}
