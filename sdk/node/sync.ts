/** `matyan sync`: sends by hand what processes left in their spools. */
import type { Writable } from "node:stream"
import { type LeftoverProgress, type LeftoverReport, sendSpools } from "../leftovers.ts"
import type { Spool } from "../platform.ts"
import { nodePlatform } from "./platform.ts"
import { fileLeftovers, waitingAt } from "./spool.ts"

/** Options of the command, as `util.parseArgs` takes them, with what the help says of each. */
export const syncOptions = {
  place: { type: "string", value: "folder", says: "where the spools are (MATYAN_SPOOL, or the user's own)" },
  url: { type: "string", value: "url", says: "the ingestion gateway to send to (that which each was meant for)" },
  "all-hosts": { type: "boolean", says: "also what other machines left there; be sure that they log no more" },
  "dry-run": { type: "boolean", says: "only say what waits" },
  patience: { type: "string", value: "seconds", says: "how long to wait for a server that does not answer (30)" },
} as const

export const syncSummary = "send what the TypeScript SDK kept while the server was away"

export const syncHelp = `Finds what processes that are no more left in their spools, says what waits, and sends it, each run's oldest first. What arrived
before counts once. Spools of processes that still run are left to them. Exits with 0 when nothing is left, with 1 otherwise.

  matyan sync --dry-run
  matyan sync --url https://matyan.example
`

export interface SyncStreams {
  /** What waits and what became of it. */
  readonly out: Writable
  /** Progress and complaints. */
  readonly errors: Writable
}

/** Runs the command and answers its exit code: 0 nothing is left, 1 something is, 2 asked wrongly. */
export const sync = async (
  options: Readonly<Record<string, string | boolean | undefined>>,
  { out, errors }: SyncStreams,
): Promise<number> => {
  const place = textOf(options["place"]) ?? (process.env["MATYAN_SPOOL"] || nodePlatform.defaultPlace())
  const url = textOf(options["url"])
  const patience = Number(options["patience"] ?? 30) * 1_000
  const problem = mistakeIn(url, patience)
  if (problem !== null) {
    errors.write(`matyan: ${problem}\n`)
    return 2
  }
  const before = waitingAt(place)
  const spools = await fileLeftovers({ place, mostBytes: Infinity }, { anyHost: options["all-hosts"] === true })
  out.write(waitingText(place, spools, before))
  if (options["dry-run"] === true) {
    for (const spool of spools) await spool.close()
    return before.length === 0 ? 0 : 1
  }
  const progress = progressTo(errors)
  const to = url === undefined ? {} : { to: url.replace(/\/+$/, "") }
  // Neither timers nor sockets of the SDK keep a process alive.
  const alive = setInterval(() => {}, 2 ** 30)
  const reports = await sendSpools(nodePlatform, spools, { ...to, patience, onProgress: progress })
  clearInterval(alive)
  out.write(reports.map(reportText).join(""))
  return before.length === spools.length && reports.every(({ isDone }) => isDone) ? 0 : 1
}

const textOf = (value: string | boolean | undefined): string | undefined => (typeof value === "string" ? value : undefined)

const mistakeIn = (url: string | undefined, patience: number): string | null => {
  if (url !== undefined && !/^https?:\/\/./.test(url)) return `no address of a server: ${url}`
  return patience > 0 ? null : "--patience must be a number of seconds above 0"
}

interface Waiting {
  readonly writer: string
  readonly runId: string
  readonly url: string
  /** Milliseconds since 1970. */
  readonly created: number
}

const waitingText = (place: string, spools: readonly Spool[], waiting: readonly Waiting[]): string => {
  if (waiting.length === 0) return `nothing waits in ${place}\n`
  const taken = new Map(spools.map((spool) => [spool.writer, spool]))
  const lines = waiting.map(({ writer, runId, url, created }) => {
    const bytes = taken.get(writer)?.bytes
    const size = bytes === undefined ? "held by a process that runs, or by another machine" : bytesText(bytes)
    return `  ${runId}  for ${url}  since ${new Date(created).toISOString()}  ${size}\n`
  })
  return `${waiting.length} waiting in ${place}:\n${lines.join("")}`
}

const reportText = ({ runId, url, bytes, left, isDone, problems }: LeftoverReport): string => {
  const what = isDone ? `${runId}: sent ${bytesText(bytes)} to ${url}\n` : `${runId}: ${bytesText(left)} are left: ${url}\n`
  return what + problems.map((problem) => `  ${problem}\n`).join("")
}

/** Says at most twice a second how much is sent over all, and how fast. */
const progressTo = (errors: Writable): ((progress: LeftoverProgress) => void) => {
  const start = performance.now()
  const sent = new Map<string, number>()
  let said = start
  return ({ runId, url, bytes, left }) => {
    sent.set(`${url} ${runId}`, bytes - left)
    const now = performance.now()
    if (now - said < 500) return
    said = now
    const all = [...sent.values()].reduce((sum, some) => sum + some, 0)
    errors.write(
      `sent ${bytesText(all)}, ${bytesText((all * 1_000) / (now - start))} a second; ${runId}: ${bytesText(left)} left\n`,
    )
  }
}

const bytesText = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`
