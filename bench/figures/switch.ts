import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { setTimeout as pause } from "node:timers/promises"
import { promisify } from "node:util"
import type { Place } from "../support/engines.ts"
import { type Figure, quantile, repeated, type Sample } from "../support/figure.ts"
import { append, fold } from "../support/log.ts"
import { get, put, until } from "../support/rest.ts"
import { withServer } from "../support/server.ts"

const events = 200_000
/** What a client does between two requests, in milliseconds; without it they would leave the rebuild no core to work on. */
const betweenReads = 5
const betweenCommands = 50
/** Reads that begin or end this close to the swap are those that it may have held up, in milliseconds. */
const near = 1_000

export const switchOver: Figure = {
  name: "switch",
  says:
    `A log of ${events.toLocaleString("en")} small events, rebuilt beside a running server while three readers ask in turn and one client ` +
    `renames a run again and again, then reads it: the longest read and command that was under way within ${near / 1_000} s of the swap, ` +
    "what failed, and reads that did not show the client's own write.",
  measure: async ({ rounds, place }) => {
    const here = await place("switch")
    await append(here, { small: events })
    await fold(here)
    return withServer(here, ({ backendUrl }) => repeated(rounds, () => switched(here, backendUrl)))
  },
}

/** One request: when it began and ended, in Unix milliseconds. */
interface Asked {
  readonly begun: number
  readonly ended: number
}

interface Tally {
  readonly reads: Asked[]
  readonly commands: Asked[]
  failed: number
  stale: number
}

const switched = async (place: Place, backendUrl: string): Promise<readonly Sample[]> => {
  const over = new AbortController()
  const tally: Tally = { reads: [], commands: [], failed: 0, stale: 0 }
  const lanes = [
    ...["info", "info", "search"].map((kind) => reading(backendUrl, kind, tally, over.signal)),
    renaming(backendUrl, tally, over.signal),
  ]
  await until(async () => tally.reads.length > 100 && tally.commands.length > 5)
  await promisify(execFile)(process.execPath, [cli, "rebuild", "--quiet"], {
    cwd: place.folder,
    env: {
      PATH: process.env["PATH"],
      HOME: place.folder,
      MATYAN_DATA_DIR: place.folder,
      MATYAN_KEEP_GENERATION_HOURS: "1",
      ...place.settings,
    },
  })
  const swap = await servingSince(backendUrl)
  await until(async () => Date.now() > swap + near)
  over.abort()
  await Promise.all(lanes)
  const longest = (asked: readonly Asked[]): number =>
    Math.max(0, ...asked.filter(({ begun, ended }) => begun < swap + near && ended > swap - near).map(lengthOf))
  return [
    { name: "swap, longest read around it", unit: "ms", value: longest(tally.reads) },
    { name: "all reads while it rebuilds, p99", unit: "ms", value: quantile(tally.reads.map(lengthOf), 0.99) },
    { name: "swap, longest command around it", unit: "ms", value: longest(tally.commands) },
    { name: "swap, failed requests", unit: "requests", value: tally.failed },
    { name: "swap, reads without the own write", unit: "reads", value: tally.stale },
  ]
}

const cli = fileURLToPath(new URL("../../infra/cli.ts", import.meta.url))

const lengthOf = ({ begun, ended }: Asked): number => ended - begun

const paths: Readonly<Record<string, string>> = {
  info: "/runs/run-00000000/info",
  search: `/runs/search/run?${new URLSearchParams({ q: "run.hparams.group == 7", limit: "20", report_progress: "false" }).toString()}`,
}

const reading = async (backendUrl: string, kind: string, tally: Tally, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await timed(tally, tally.reads, () => get(backendUrl, paths[kind] ?? ""))
    await pause(betweenReads)
  }
}

/** A command is answered when its own write is visible; the read after it must show it too. */
const renaming = async (backendUrl: string, tally: Tally, signal: AbortSignal): Promise<void> => {
  for (let i = 0; !signal.aborted; i++) {
    const name = `name ${i}`
    await pause(betweenCommands)
    await timed(tally, tally.commands, () => put(backendUrl, "/runs/run-00000000", { name }))
    await timed(tally, tally.reads, async () => {
      const { body } = await get(backendUrl, "/runs/run-00000000/info")
      if ((JSON.parse(body.toString("utf8")) as Info).props.name !== name) tally.stale++
    })
  }
}

interface Info {
  readonly props: { readonly name: string }
}

const timed = async (tally: Tally, asked: Asked[], ask: () => Promise<unknown>): Promise<void> => {
  const begun = performance.timeOrigin + performance.now()
  try {
    await ask()
  } catch {
    tally.failed++
  }
  asked.push({ begun, ended: performance.timeOrigin + performance.now() })
}

const servingSince = async (backendUrl: string): Promise<number> => {
  const all = JSON.parse((await get(backendUrl, "/generations/")).body.toString("utf8")) as readonly { readonly since: number }[]
  return (all[0]?.since ?? 0) * 1_000
}
