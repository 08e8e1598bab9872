/** Lives of the real program that end at a milestone. */
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
import type { Milestone } from "../../../domain/milestones.ts"
import { collected, type Environment, type ServerProcess, spawnCli, startServer } from "../server.ts"

/** The how manyeth time that the program comes to a milestone. */
export interface CrashPoint {
  readonly milestone: Milestone
  readonly count: number
}

const preload = new URL("preload.ts", import.meta.url).href

const dyingAt = ({ milestone, count }: CrashPoint): Environment => ({
  NODE_OPTIONS: `--import ${preload}`,
  MATYAN_CRASH_AT: `${milestone}#${count}`,
})

const said = ({ milestone }: CrashPoint): string => `crash at ${milestone}\n`

/** Most seconds that a life may take to come to its end. */
const patience = 120

/**
 * One life of the server on a folder, which ends at the point. Once it is ready, `provoke` does what makes it come there; what
 * fails because the server is gone is no fault, so whoever must know of a success keeps it in mind.
 */
export const serverDies = async (
  folder: string,
  point: CrashPoint,
  provoke: (server: ServerProcess) => Promise<unknown>,
  env: Environment = {},
): Promise<string> => {
  let server: ServerProcess
  try {
    server = await startServer(folder, { ...env, ...dyingAt(point) })
  } catch (error) {
    // It died before it was ready; what it said stands behind that it did.
    const stderr = String(error).replace(/^Error: the server ended with SIGKILL before it was ready: /, "")
    expect(stderr, "before it was ready").toContain(said(point))
    return stderr
  }
  const provoked = provoke(server).catch(() => undefined)
  const late = setTimeout(() => void server.kill(), patience * 1_000)
  await server.ended
  clearTimeout(late)
  await provoked
  const { stderr } = server.output()
  expect(stderr, `within ${patience} s`).toContain(said(point))
  return stderr
}

/** One command that ends at the point. */
export const commandDies = async (
  folder: string,
  args: readonly string[],
  point: CrashPoint,
  env: Environment = {},
): Promise<void> => {
  const child = spawnCli(folder, args, { ...env, ...dyingAt(point) })
  const output = collected(child)
  const late = setTimeout(() => void child.kill("SIGKILL"), patience * 1_000)
  const [code] = (await once(child, "close")) as [number | null]
  clearTimeout(late)
  expect({ code, stderr: output().stderr }, args.join(" ")).toEqual({ code: null, stderr: expect.stringContaining(said(point)) })
}

/** Where the program's sources lie. */
export const sources = fileURLToPath(new URL("../../../", import.meta.url))
