/** Who holds a spool: one process of one machine, as long as it lives. */
import { randomUUID } from "node:crypto"
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"

interface Owner {
  readonly pid: number
  readonly host: string
  /** When the process began, as the system tells it; null where it does not. Numbers of processes are used again. */
  readonly started: string | null
}

const fileName = "owner.json"

/** When a process began, in ticks since the machine did: field 22 of Linux' /proc/<pid>/stat. */
const startOf = (pid: number): string | null => {
  try {
    // The name of the program comes before, in brackets, and may hold anything.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? null
  } catch {
    return null
  }
}

const isAlive = ({ pid, started }: Owner): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Of a process of somebody else we may not know more than that it is there.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false
  }
  return started === null || startOf(pid) === started
}

const textOf = (file: string): string | null => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return null
  }
}

const parsed = (text: string): Owner | null => {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null
    if (typeof owner?.pid !== "number" || typeof owner.host !== "string") return null
    return { pid: owner.pid, host: owner.host, started: owner.started ?? null }
  } catch {
    return null
  }
}

/** Takes hold of a spool's folder; false where somebody alive, or on another machine, has it. `anyHost` takes it from those, too. */
export const takeHold = (folder: string, anyHost = false): boolean => {
  const file = join(folder, fileName)
  const before = textOf(file)
  if (before !== null) {
    const owner = parsed(before)
    if (owner !== null && (owner.host === hostname() ? isAlive(owner) : !anyHost)) return false
    const aside = join(folder, `${randomUUID()}.stale`)
    try {
      renameSync(file, aside)
    } catch {
      return false
    }
    const taken = textOf(aside)
    // Somebody else was faster, and it is theirs now.
    if (taken !== before) {
      renameSync(aside, file)
      return false
    }
    rmSync(aside, { force: true })
  }
  const owner: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) }
  return createWhole(file, JSON.stringify(owner))
}

/** Makes a file that is never seen half written; false where there is one already. */
const createWhole = (file: string, text: string): boolean => {
  const beside = `${file}.${randomUUID()}`
  try {
    writeFileSync(beside, text)
    linkSync(beside, file)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EEXIST" && createPlain(file, text)
  } finally {
    rmSync(beside, { force: true })
  }
}

/** Where the file system has no links. */
const createPlain = (file: string, text: string): boolean => {
  try {
    writeFileSync(file, text, { flag: "wx" })
    return true
  } catch {
    return false
  }
}

export const letGo = (folder: string): void => rmSync(join(folder, fileName), { force: true })
