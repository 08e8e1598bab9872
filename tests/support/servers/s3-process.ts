/** One server that speaks the protocol of S3, as a process of its own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { S3Options } from "../../../infra/s3/options.ts"
import { until } from "../wait.ts"
import { freePort } from "../ports.ts"

export const accessKeyId = "test"
export const secretAccessKey = "testsecret"

export interface S3Server {
  readonly endpoint: string
  readonly port: number
  readonly pid: () => number | undefined
  /** Options for a bucket of its own, made at the start. */
  readonly options: (more?: Partial<S3Options>) => S3Options
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
  /** Starts it again on the same port and data. */
  readonly restart: () => Promise<void>
  /** Ends it and removes its data. */
  readonly dispose: () => Promise<void>
}

/** Runs a server in a fresh folder until it is told to end; `command` gives its program and arguments. */
export const startS3Server = async (
  command: (where: { readonly folder: string; readonly port: number }) => readonly [string, ...string[]],
): Promise<S3Server> => {
  const folder = mkdtempSync(join(tmpdir(), "matyan-s3-"))
  mkdirSync(join(folder, "data"))
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const [program, ...args] = command({ folder, port })
  const begin = () => startProcess(program, args, folder, endpoint)
  let server = await begin()
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, "exit")
    server.kill(signal)
    await ended
  }
  return {
    endpoint,
    port,
    pid: () => server.pid,
    options: (more) => ({
      bucket: `test-${crypto.randomUUID()}`,
      region: "us-east-1",
      endpoint,
      accessKeyId,
      secretAccessKey,
      createBucket: true,
      ...more,
    }),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    restart: async () => {
      await end("SIGTERM")
      server = await begin()
    },
    dispose: async () => {
      await end("SIGKILL")
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const startProcess = async (program: string, args: readonly string[], folder: string, endpoint: string) => {
  const output = join(folder, "output.txt")
  const server = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] })
  const log = createWriteStream(output, { flags: "a" })
  server.stdout.pipe(log)
  server.stderr.pipe(log)
  // A test process that ends by itself takes its server along.
  const killed = (): void => void server.kill("SIGKILL")
  process.once("exit", killed)
  server.once("exit", () => process.off("exit", killed))
  const isUp = async (): Promise<boolean> => {
    if (server.exitCode !== null) throw new Error(`${program} ended:\n${readFileSync(output, "utf8").slice(-4_000)}`)
    // Any answer will do: without a signature it is a refusal.
    return fetch(endpoint).then(
      (response) => response.body?.cancel().then(() => true) ?? true,
      () => false,
    )
  }
  await until(`${program} to answer`, isUp, (is) => is)
  return server
}
