/** Asks `log-process.ts` for its work, in a process of its own. */
import { execFile } from "node:child_process"
import { mkdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Place } from "./engines.ts"
import type { SeriesShape } from "./histories.ts"

const program = fileURLToPath(new URL("log-process.ts", import.meta.url))

export type History = { readonly series: SeriesShape } | { readonly runs: number } | { readonly small: number }

export interface Folded {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly events: number
  readonly points: number
  /** MiB of the process's own memory. */
  readonly peakAnonymous: number
}

export const append = (place: Place, history: History): Promise<unknown> => ask("append", place, history)

export const fold = (place: Place): Promise<Folded> => ask<Folded>("fold", place)

export const rebuild = (place: Place): Promise<Folded> => ask<Folded>("rebuild", place)

export const columnar = (place: Place, history: History) =>
  ask<{ readonly durable: number; readonly seconds: number }>("columnar", place, history)

export const storedBytes = (place: Place) => ask<{ readonly rows: number; readonly bytes: number }>("sizes", place)

const ask = async <A>(kind: string, { folder, settings }: Place, history?: History): Promise<A> => {
  mkdirSync(folder, { recursive: true })
  const options = (process.env["BENCH_NODE_OPTIONS"] ?? "").split(" ").filter((option) => option !== "")
  const args = [...options, program, kind, folder, ...(history === undefined ? [] : [JSON.stringify(history)])]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env: { ...process.env, ...settings } })
  // What engines warn of stands before it.
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as A
}
