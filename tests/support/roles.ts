/** Roles as processes of their own. */
import { collected, ending, type Environment, spawnCli } from "./server.ts"

export type RoleName = "ingest-gateway" | "query-gateway" | "projector" | "control-worker"

export interface Role {
  readonly name: RoleName
  /** Where it listens: the gateway's own address, or that of health and metrics. */
  readonly url: string
  readonly pid: number
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** Told to end; throws where it did not end well. */
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
  /** Begins again at the same address, after `stop` or `kill`. */
  readonly restart: () => Promise<Role>
}

const portVariables: Readonly<Record<RoleName, string>> = {
  "ingest-gateway": "MATYAN_FRONTIER_PORT",
  "query-gateway": "MATYAN_BACKEND_PORT",
  projector: "METRICS_PORT",
  "control-worker": "METRICS_PORT",
}

export interface BegunRole {
  readonly output: Role["output"]
  /** Rejects where it ends before it is ready. */
  readonly ready: Promise<Role>
}

/** Starts a role and waits until it is ready. The process ends with the test: see `endAll`. */
export const startRole = (name: RoleName, folder: string, env: Environment): Promise<Role> => beginRole(name, folder, env).ready

/** Starts a role that may not be ready for long. */
export const beginRole = (name: RoleName, folder: string, env: Environment): BegunRole => {
  const child = spawnCli(folder, [name], { [portVariables[name]]: "0", ...env })
  const output = collected(child)
  const ended = ending(child)
  const roleAt = (url: string): Role => ({
    name,
    url,
    pid: child.pid ?? 0,
    output,
    stop: async () => {
      child.kill("SIGTERM")
      const code = await ended
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${output().stderr}`)
    },
    kill: async () => {
      child.kill("SIGKILL")
      await ended
    },
    restart: () => startRole(name, folder, { ...env, [portVariables[name]]: new URL(url).port }),
  })
  const ready = new Promise<Role>((resolve, reject) => {
    child.stdout?.on("data", () => {
      const [, url] = / is ready: .* at (\S+)$/m.exec(output().stdout) ?? []
      if (url !== undefined) resolve(roleAt(url))
    })
    child.once("close", (code) => reject(new Error(`${name} ended with ${code} before it was ready: ${output().stderr}`)))
  })
  // A test that fails before it asks ends the process, too.
  ready.catch(() => undefined)
  return { output, ready }
}
