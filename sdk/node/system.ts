/** What the process and its machine are doing, and what they are. */
import { execFile } from "node:child_process"
import { readFileSync, statfsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { freemem, totalmem } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import type { SystemSample } from "../platform.ts"

let before: { readonly micros: number; readonly millis: number } | null = null

/**
 * In percent: of one core that this process took since the last sample (0 in the first), of the memory that it has, of the memory
 * and the disk (that of the working folder) that are taken.
 */
export const systemSample = (): SystemSample => {
  const { user, system } = process.cpuUsage()
  const now = { micros: user + system, millis: performance.now() }
  const cpu = before === null ? 0 : (now.micros - before.micros) / 10 / (now.millis - before.millis)
  before = now
  const disk = diskPercent()
  return {
    __system__cpu: cpu,
    __system__p_memory_percent: (100 * process.memoryUsage.rss()) / totalmem(),
    __system__memory_percent: 100 * (1 - availableMemory() / totalmem()),
    ...(disk === null ? {} : { __system__disk_percent: disk }),
  }
}

/** Linux counts as free what nobody has ever used; what its caches would give back is available, too. */
const availableMemory = (): number => {
  try {
    const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]
    return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024
  } catch {
    return freemem()
  }
}

const diskPercent = (): number | null => {
  try {
    const { blocks, bavail } = statfsSync(process.cwd())
    return 100 * (1 - bavail / blocks)
  } catch {
    return null
  }
}

/** The run's `__system_params`, in the form of the Python client. */
export const systemParameters = async (): Promise<unknown> => ({
  executable: process.execPath,
  arguments: process.argv.slice(1),
  packages: await packages(process.cwd()),
  env_variables: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/secret|key|token|password/i.test(name))),
  ...(await gitInfo()),
})

interface PackageJson {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const jsonIn = async (file: string): Promise<PackageJson | null> => {
  try {
    return JSON.parse(await readFile(file, "utf8")) as PackageJson | null
  } catch {
    return null
  }
}

/** What the nearest package.json asks for, in the versions that are installed. */
const packages = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const own = await jsonIn(join(folder, "package.json"))
  if (own === null) return dirname(folder) === folder ? {} : packages(dirname(folder))
  const names = Object.entries(own.dependencies ?? {})
  const found = names.map(async ([name, asked]) => {
    const installed = await jsonIn(join(folder, "node_modules", name, "package.json"))
    return [name, installed?.version ?? asked] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

const run = promisify(execFile)

const git = async (...args: readonly string[]): Promise<string> => {
  const { stdout } = await run("git", [...args], { timeout: 5_000 })
  return stdout.trim()
}

/** Nothing where the working folder is not one of git's, or git is not there. */
const gitInfo = async (): Promise<object> => {
  try {
    const [branch, remote, commit] = await Promise.all([
      git("rev-parse", "--abbrev-ref", "HEAD"),
      git("config", "--get", "remote.origin.url").catch(() => null),
      git("log", "-1", "--format=%H%n%cI%n%an"),
    ])
    const [hash, timestamp, author] = commit.split("\n")
    return { git_info: { branch, remote_origin_url: withoutPassword(remote), commit: { hash, timestamp, author } } }
  } catch {
    return {}
  }
}

const withoutPassword = (url: string | null): string | null => url?.replace(/\/\/[^/@]*@/, "//") ?? null
