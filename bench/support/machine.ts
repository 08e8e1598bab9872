/** What the figures were taken on, and how busy it was meanwhile. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs"
import { cpus, loadavg, totalmem } from "node:os"
import { join } from "node:path"
import { median } from "./figure.ts"

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly platform: string
}

export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
})

/** The load average of the last minute. */
export const load = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100

/** Milliseconds of one fdatasync after 4 KiB were appended: the median of 200. */
export const fdatasyncMillis = (folder: string): number => {
  const file = openSync(join(folder, "fdatasync"), "w")
  const page = Buffer.alloc(4_096, 1)
  const millis: number[] = []
  for (let i = 0; i < 200; i++) {
    writeSync(file, page)
    const start = performance.now()
    fdatasyncSync(file)
    millis.push(performance.now() - start)
  }
  closeSync(file)
  return median(millis)
}
