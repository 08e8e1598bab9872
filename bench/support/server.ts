/** The real server, as `npm start` runs it, on a folder and free ports. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Place } from "./engines.ts"

const cli = fileURLToPath(new URL("../../infra/cli.ts", import.meta.url))

export interface Server {
  readonly backendUrl: string
  readonly frontierUrl: string
  readonly pid: number
  /** What it has said of faults, and where it can be inspected. */
  readonly stderr: () => string
  /** Tells it to end and waits until it has. */
  readonly stop: () => Promise<void>
}

/** Characters of what it says that are kept. */
const mostKept = 65_536

/** Node options for the server, such as `--cpu-prof`, come from `BENCH_NODE_OPTIONS`. */
export const startServer = async ({ folder, settings }: Place): Promise<Server> => {
  mkdirSync(folder, { recursive: true })
  const options = (process.env["BENCH_NODE_OPTIONS"] ?? "").split(" ").filter((option) => option !== "")
  const child = spawn(process.execPath, [...options, cli, "serve"], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      MATYAN_DATA_DIR: folder,
      MATYAN_BACKEND_PORT: "0",
      MATYAN_FRONTIER_PORT: "0",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let stderr = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    process.stderr.write(text)
    if (stderr.length < mostKept) stderr += text
  })
  const kill = (): void => void child.kill("SIGKILL")
  process.once("exit", kill)
  const [backendUrl, frontierUrl] = await ready(child)
  return {
    backendUrl,
    frontierUrl,
    pid: child.pid ?? -1,
    stderr: () => stderr,
    stop: async () => {
      child.kill("SIGTERM")
      await once(child, "exit")
      process.off("exit", kill)
    },
  }
}

/** Runs something on a server of its own, and ends the server however that ends. */
export const withServer = async <A>(place: Place, act: (server: Server) => Promise<A>): Promise<A> => {
  const server = await startServer(place)
  try {
    return await act(server)
  } finally {
    await server.stop()
  }
}

const ready = (child: ChildProcess): Promise<readonly [backendUrl: string, frontierUrl: string]> =>
  new Promise((resolve, reject) => {
    let said = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text
      const found = /REST at (\S+), ingestion at (\S+), /.exec(said)
      if (found !== null) resolve([found[1]!, found[2]!])
    })
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready: ${said}`)))
  })
