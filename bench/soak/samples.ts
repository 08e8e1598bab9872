/** What is seen of the server from outside, every few seconds. */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { memory } from "../support/processes.ts"
import { load } from "../support/machine.ts"
import { pause, type Soak } from "./soak.ts"
import type { Latency } from "./tally.ts"

export interface Sample {
  /** Seconds since the soak began. */
  readonly at: number
  /** MiB: the process's own memory, that with mapped pages, and the heap of the main thread. */
  readonly anonymous: number
  readonly resident: number
  readonly heap: number
  readonly handles: number
  readonly threads: number
  readonly eventLoopLagP99Ms: number
  /** MiB on the disk, by the folder's entries. */
  readonly files: Readonly<Record<string, number>>
  readonly load: number
}

/** MiB that live in the heaps of the main thread and the projector's once their garbage is collected. */
export interface Live {
  readonly at: number
  readonly heaps: readonly number[]
}

/** One minute of requests. */
export interface Minute {
  readonly at: number
  readonly latencies: Readonly<Record<string, Latency>>
}

export interface Observed {
  readonly samples: Sample[]
  readonly minutes: Minute[]
  readonly live: Live[]
}

export const keepSampling = async (soak: Soak, pid: number, folder: string, observed: Observed): Promise<void> => {
  const began = performance.now()
  let minute = 1
  for (let next = 1; !soak.over.aborted; next++) {
    await pause(soak, began + next * soak.plan.sampleSeconds * 1_000 - performance.now())
    if (soak.over.aborted) return
    const at = (performance.now() - began) / 1_000
    observed.samples.push(await sampleOf(soak, pid, folder, at))
    if (at < minute * 60) continue
    minute += 1
    const latencies = soak.tally.latencies()
    observed.minutes.push({ at, latencies })
    process.stderr.write(
      `${JSON.stringify({ ...observed.samples.at(-1), faults: soak.tally.counted("faults"), ack: latencies["ack"] })}\n`,
    )
  }
}

const sampleOf = async ({ ask, backendUrl }: Soak, pid: number, folder: string, at: number): Promise<Sample> => {
  const { body } = await ask("GET", `${backendUrl}/metrics/`)
  const text = body.toString("utf8")
  const metric = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)?.[1] ?? Number.NaN)
  return {
    at,
    ...memory(pid),
    heap: metric("nodejs_heap_size_used_bytes") / 2 ** 20,
    handles: handlesOf(pid),
    threads: readdirSync(`/proc/${pid}/task`).length,
    eventLoopLagP99Ms: metric("nodejs_eventloop_lag_p99_seconds") * 1_000,
    files: filesOf(folder),
    load: load(),
  }
}

export const handlesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

const filesOf = (folder: string): Readonly<Record<string, number>> =>
  Object.fromEntries(readdirSync(folder).map((entry) => [entry, mebibytesOf(join(folder, entry))]))

/** What is taken up on the disk; mapped files are longer than what they hold. Files may go while they are counted. */
const mebibytesOf = (path: string): number => {
  try {
    const { blocks } = statSync(path)
    if (!statSync(path).isDirectory()) return blocks / 2_048
    return readdirSync(path).reduce((sum, entry) => sum + mebibytesOf(join(path, entry)), blocks / 2_048)
  } catch {
    return 0
  }
}

/** The kernel's figures of a process are only there on Linux. */
export const canSample = (): boolean => {
  try {
    return readFileSync("/proc/self/status", "utf8").includes("RssAnon")
  } catch {
    return false
  }
}
