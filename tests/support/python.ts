/** Python with the stock client, installed once into a cache outside the checkout. */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { cached, cacheFolder } from "./servers/cache.ts"

const run = promisify(execFile)
const requirements = fileURLToPath(new URL("../../examples/requirements.txt", import.meta.url))
const least = { major: 3, minor: 11 }

/** The interpreter of an environment that holds exactly what `examples/requirements.txt` names; made where it is missing. */
export const python = async (): Promise<string> => {
  const wanted = readFileSync(requirements)
  const system = await systemPython()
  const version = createHash("sha256").update(wanted).update(system.version).digest("hex").slice(0, 12)
  const folder = await cached("stock-client", version, async (into) => {
    // Its programs name the folder that they were installed into, so it stays where it is made.
    const made = mkdtempSync(join(cacheFolder(), `python-${version}-`))
    await install(system.command, made)
    symlinkSync(made, join(into, "python"))
  })
  return join(folder, "python", "bin", "python")
}

const install = async (command: string, folder: string): Promise<void> => {
  await explained("python3 -m venv failed; install the venv module (Debian: apt-get install python3-venv)", () =>
    run(command, ["-m", "venv", folder]),
  )
  await explained("pip could not install examples/requirements.txt; is a package index reachable?", () =>
    run(join(folder, "bin", "python"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], {
      timeout: 600_000,
    }),
  )
}

/** What the stock client reads from its environment to find a server; `home` is where it may write. */
export const clientEnvironment = (
  { backendUrl, frontierUrl }: { readonly backendUrl: string; readonly frontierUrl: string },
  home: string,
): Readonly<Record<string, string>> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: home,
  MATYAN_BACKEND_URL: backendUrl,
  MATYAN_FRONTIER_URL: frontierUrl,
  PYTHONUNBUFFERED: "1",
})

const systemPython = async (): Promise<{ readonly command: string; readonly version: string }> => {
  const names = [process.env["PYTHON"], "python3", "python3.11", "python3.12", "python3.13"]
  for (const command of names.filter((name) => name !== undefined)) {
    const version = await versionOf(command)
    if (version !== undefined) return { command, version }
  }
  throw new Error(
    `these tests drive the stock Python client and need Python ${least.major}.${least.minor} or later with venv and pip ` +
      "(Debian: apt-get install python3 python3-venv), or PYTHON set to its command",
  )
}

/** Its version where it runs and is new enough. */
const versionOf = async (command: string): Promise<string | undefined> => {
  try {
    const { stdout } = await run(command, ["-c", "import sys; print('.'.join(map(str, sys.version_info[:3])))"])
    const [major = 0, minor = 0] = stdout.trim().split(".").map(Number)
    return major === least.major && minor >= least.minor ? stdout.trim() : undefined
  } catch {
    return undefined
  }
}

const explained = async (explanation: string, work: () => Promise<unknown>): Promise<void> => {
  try {
    await work()
  } catch (cause) {
    throw new Error(`${explanation}\n${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
