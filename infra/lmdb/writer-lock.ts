import { readFileSync } from "node:fs"
import { reached } from "../../domain/milestones.ts"
import type { BytesDatabase } from "./snapshot.ts"

/** Who writes to a folder. `started` tells a process from a later one with the same pid; `token` two holders in one process. */
interface Holder {
  readonly pid: number
  readonly started: string
  readonly token: string
}

/** Another living process (or another part of this one) writes to the folder. */
export class FolderInUse extends Error {}

/**
 * Takes a row of the database as the lock of its one writer; answers how to let go. The row is changed in a write transaction,
 * so of two that start at once one gets it, and a holder that no longer lives (kill -9, power cut) does not hold it.
 * Processes must see each other: two containers with their own process tables do not.
 */
export const takeWriterLock = (db: BytesDatabase, row: Uint8Array): (() => void) => {
  const holder: Holder = { pid: process.pid, started: startOf(process.pid) ?? "", token: crypto.randomUUID() }
  db.transactionSync(() => {
    const other = holderIn(db, row)
    if (other !== undefined && startOf(other.pid) === other.started)
      throw new FolderInUse(`process ${other.pid} is writing to this folder; stop it first, or use another folder`)
    db.putSync(row, Buffer.from(JSON.stringify(holder)))
  })
  reached("log: writer lock taken")
  return () =>
    db.transactionSync(() => {
      if (holderIn(db, row)?.token === holder.token) db.removeSync(row)
    })
}

const holderIn = (db: BytesDatabase, row: Uint8Array): Holder | undefined => {
  const bytes = db.get(row)
  return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString()) as Holder)
}

/** When a living process began, in a form that no other process of its pid shares; undefined when there is none. */
const startOf = (pid: number): string | undefined => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, but belongs to someone else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined
  }
  return process.platform === "linux" ? linuxStartOf(pid) : ""
}

/** The boot and the clock ticks since then (field 22 of /proc/<pid>/stat; the name in field 2 may hold blanks). */
const linuxStartOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${started}`
  } catch {
    return undefined
  }
}
