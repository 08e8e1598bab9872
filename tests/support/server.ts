/** The real program as a process of its own, on a data folder of its own. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { freePort } from "./ports.ts"

const cli = fileURLToPath(new URL("../../infra/cli.ts", import.meta.url))

export type Environment = Readonly<Record<string, string>>

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command of the command line to its end, on a data folder. Nothing of the caller's settings reaches it. */
export const runCli = async (folder: string, args: readonly string[], env: Environment = {}): Promise<Finished> => {
  const child = spawnCli(folder, args, env)
  const output = collected(child)
  const [code] = (await once(child, "close")) as [number | null]
  return { code, ...output() }
}

export interface Server {
  readonly folder: string
  readonly backendUrl: string
  readonly frontierUrl: string
  readonly pid: number
  /** The line by which it said that it was ready, and everything it has written so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** Told to end; throws where it did not end well. */
  readonly stop: () => Promise<void>
  /** Ended by SIGKILL, wherever it is; no answer is asked for. */
  readonly kill: () => Promise<void>
  /** Begins again on the same folder and ports, after `stop` or `kill`. */
  readonly restart: () => Promise<Server>
  /** The SHA-256 over all projected rows. */
  readonly dumpHash: () => Promise<string>
  /** What `verify` says; throws where the projections are not what the log says, or something became a dead letter. */
  readonly verify: () => Promise<string>
}

/** A server of one process. */
export interface ServerProcess extends Server {
  /** Resolves when the process is no more, by whatever. */
  readonly ended: Promise<unknown>
  readonly restart: () => Promise<ServerProcess>
}

/** Starts the server and waits until it is ready. Whatever becomes of the test, the process ends with it: see `endAll`. */
export const startServer = async (
  folder: string,
  env: Environment = {},
  args: readonly string[] = [],
): Promise<ServerProcess> => {
  const ports = { MATYAN_BACKEND_PORT: String(await freePort()), MATYAN_FRONTIER_PORT: String(await freePort()) }
  const child = spawnServer(folder, { ...ports, ...env }, args)
  const output = collected(child)
  const [, backendUrl, frontierUrl] = await readyLine(child, output)
  if (backendUrl === undefined || frontierUrl === undefined || child.pid === undefined) throw new Error("no address was said")
  const ended = ending(child)
  const samePorts = {
    ...env,
    MATYAN_BACKEND_PORT: new URL(backendUrl).port,
    MATYAN_FRONTIER_PORT: new URL(frontierUrl).port,
  }
  return {
    folder,
    backendUrl,
    frontierUrl,
    pid: child.pid,
    output,
    ended,
    stop: async () => {
      child.kill("SIGTERM")
      const code = await ended
      if (code !== 0) throw new Error(`the server ended with ${code ?? child.signalCode}: ${output().stderr}`)
    },
    kill: async () => {
      child.kill("SIGKILL")
      await ended
    },
    restart: () => startServer(folder, samePorts, args),
    ...oracles(folder, env),
  }
}

/** What is asked of a system's projections, whatever its processes are. */
export const oracles = (folder: string, env: Environment): Pick<Server, "dumpHash" | "verify"> => ({
  dumpHash: async () => (await successful(folder, ["dump", "--hash"], env)).trim(),
  verify: async () => {
    const { code, stdout, stderr } = await runCli(folder, ["verify", "--quiet"], env)
    // A dead letter is no difference between the two, but in these tests nothing may become one.
    if (code !== 0 || stderr.includes("dead letter")) throw new Error(`verify ended with ${code}: ${stdout}${stderr}`)
    return stdout
  },
})

/** A server that may be killed before it is ready. */
export const spawnServer = (folder: string, env: Environment = {}, args: readonly string[] = []): ChildProcess =>
  spawnCli(folder, ["serve", ...args], { MATYAN_BACKEND_PORT: "0", MATYAN_FRONTIER_PORT: "0", ...env })

/** Resolves with the exit code, or null where a signal ended it. */
export const ending = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once("exit", (code) => resolve(code)))

/** Ends every process that is still running; for `afterEach` or `afterAll`. */
export const endAll = async (): Promise<void> => {
  const left = [...running]
  for (const child of left) child.kill("SIGKILL")
  await Promise.all(left.map(ending))
}

const running = new Set<ChildProcess>()
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL")
})

/** What is started is stalled as the tests are, where they are. */
const stalled: Environment =
  process.env["MATYAN_STALLS"] === undefined
    ? {}
    : {
        MATYAN_STALLS: process.env["MATYAN_STALLS"],
        NODE_OPTIONS: `--import ${new URL("./faults/stall-preload.ts", import.meta.url).href}`,
      }

export const spawnCli = (folder: string, args: readonly string[], env: Environment): ChildProcess => {
  const own = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    // Halves the time that a start takes.
    NODE_COMPILE_CACHE: join(tmpdir(), "matyan-compile-cache"),
    MATYAN_DATA_DIR: folder,
    ...stalled,
    ...env,
  }
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, env: own, stdio: ["ignore", "pipe", "pipe"] })
  running.add(child)
  child.once("exit", () => running.delete(child))
  listen(child, args)
  return child
}

/** The end of what each process has written. */
const heard = new Map<ChildProcess, { readonly command: string; text: string }>()

const listen = (child: ChildProcess, args: readonly string[]): void => {
  const words = { command: `matyan ${args.join(" ")}, process ${child.pid}`, text: "" }
  heard.set(child, words)
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer | string) => (words.text = (words.text + String(chunk)).slice(-10_000)))
}

/** What the processes have written that run still, or ended since `forgetEnded`. */
export const lastWords = (): string =>
  [...heard].map(([child, { command, text }]) => `${command}, ${fateOf(child)}: ${text.trim() || "nothing"}`).join("\n")

const fateOf = ({ exitCode, signalCode }: ChildProcess): string =>
  exitCode === null && signalCode === null ? "runs" : `ended with ${exitCode ?? signalCode}`

export const forgetEnded = (): void => {
  for (const child of heard.keys()) if (!running.has(child)) heard.delete(child)
}

export const collected = (child: ChildProcess): (() => { readonly stdout: string; readonly stderr: string }) => {
  const said = { stdout: "", stderr: "" }
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said.stdout += text))
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said.stderr += text))
  return () => ({ ...said })
}

const readyLine = (child: ChildProcess, output: () => { readonly stdout: string; readonly stderr: string }) =>
  new Promise<RegExpExecArray>((resolve, reject) => {
    const look = (): void => {
      const found = /^matyan is ready: REST at (\S+), ingestion at (\S+), data in .+$/m.exec(output().stdout)
      if (found !== null) resolve(found)
    }
    child.stdout?.on("data", look)
    child.once("close", (code) =>
      reject(new Error(`the server ended with ${code ?? child.signalCode} before it was ready: ${output().stderr}`)),
    )
  })

/** What a command printed; throws where it did not end well. */
export const successful = async (folder: string, args: readonly string[], env: Environment = {}): Promise<string> => {
  const { code, stdout, stderr } = await runCli(folder, args, env)
  if (code !== 0) throw new Error(`matyan ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`)
  return stdout
}
