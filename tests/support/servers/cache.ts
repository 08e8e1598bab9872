/** Servers, clients and pages are fetched or built once, into a folder outside the checkout. */
import { execFile } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const execute = promisify(execFile)

export const cacheFolder = (): string => join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "matyan-ci")

/**
 * The folder of one version of something, made where it is missing. `make` fills a folder beside it, which takes its place
 * once it is whole: one that was left half-made is never taken, and of two makers at once the first wins.
 */
export const cached = async (name: string, version: string, make: (folder: string) => Promise<void>): Promise<string> => {
  const folder = join(cacheFolder(), `${name}-${version}`)
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder(), { recursive: true })
  const unfinished = mkdtempSync(join(cacheFolder(), `.${name}-${version}-`))
  process.stderr.write(`${name} ${version}: getting it, once, into ${folder}\n`)
  try {
    await make(unfinished)
    renameInto(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  process.stderr.write(`${name} ${version}: there\n`)
  return folder
}

/** Runs a tool; where it is missing or fails, the error says what it is needed for and how to get it. */
export const tool = async (command: string, args: readonly string[], cwd: string, advice: string): Promise<void> => {
  try {
    await execute(command, [...args], { cwd, maxBuffer: 16 * 2 ** 20 })
  } catch (cause) {
    throw new Error(`${command} failed; ${advice}\n${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

const renameInto = (from: string, to: string): void => {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  }
}
