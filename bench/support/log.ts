/** Asks `log-process.ts` for its work, in a process of its own. */
import { execFile } from "node:child_process"
import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { SeriesShape } from "./histories.ts"

const program = fileURLToPath(new URL("log-process.ts", import.meta.url))

export type History = { readonly series: SeriesShape } | { readonly runs: number } | { readonly small: number }

export interface Folded {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly events: number
  readonly points: number
}

export const append = (folder: string, history: History): Promise<unknown> => ask("append", folder, history)

export const fold = (folder: string): Promise<Folded> => ask<Folded>("fold", folder)

export const rebuild = (folder: string): Promise<Folded> => ask<Folded>("rebuild", folder)

export const columnar = (folder: string, history: History) =>
  ask<{ readonly durable: number; readonly seconds: number }>("columnar", folder, history)

export const storedBytes = (folder: string) => ask<{ readonly rows: number; readonly bytes: number }>("sizes", folder)

const ask = async <A>(kind: string, folder: string, history?: History): Promise<A> => {
  mkdirSync(folder, { recursive: true })
  const options = (process.env["BENCH_NODE_OPTIONS"] ?? "").split(" ").filter((option) => option !== "")
  const args = [...options, program, kind, folder, ...(history === undefined ? [] : [JSON.stringify(history)])]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder })
  return JSON.parse(stdout) as A
}
