/** What Linux tells of a process while it runs. */
import { readFileSync } from "node:fs"

/** Seconds of CPU that a process has used, all its threads together. */
export const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The command, in parentheses, may hold spaces; the times are the 14th and 15th fields, in hundredths of a second.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** MiB of memory: `anonymous` is the process's own, `resident` counts mapped database pages too. */
export interface Memory {
  readonly anonymous: number
  readonly resident: number
}

export const memory = (pid: number): Memory => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const mebibytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024
  return { anonymous: mebibytes("RssAnon"), resident: mebibytes("VmRSS") }
}

/** Looks at a process's memory twenty times a second until stopped; answers the peak of each. */
export const watchMemory = (pid: number): (() => Memory) => {
  let peak = memory(pid)
  const look = (): void => {
    const now = memory(pid)
    peak = { anonymous: Math.max(peak.anonymous, now.anonymous), resident: Math.max(peak.resident, now.resident) }
  }
  const timer = setInterval(look, 50)
  return () => {
    clearInterval(timer)
    look()
    return peak
  }
}
