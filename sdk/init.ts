/** Begins a run. */
import { Book } from "./book.ts"
import { nowMicros } from "./clock.ts"
import { endingOf, isoOf } from "./ending.ts"
import { newWriter } from "./ids.ts"
import { loadBlobs } from "./media/load.ts"
import { type InitOptions, type Settings, settingsOf } from "./options.ts"
import type { Platform, Spool, SpoolSettings } from "./platform.ts"
import { type Problems, problemsOf } from "./problems.ts"
import { Run } from "./run.ts"
import { leftShipmentOf, type Shipment } from "./shipment.ts"
import { memorySpool } from "./spool/memory.ts"
import { sampleSystem } from "./system.ts"

/** Begins a run, or goes on with one. Rejects only for options that are mistakes (`TypeError`); the server may be away. */
export type Init = (options?: InitOptions) => Promise<Run>

/** `init` on a platform. */
export const initOn =
  (platform: Platform): Init =>
  async (options = {}) => {
    const settings = settingsOf(options, platform)
    const say = (text: string): void => {
      if (options.quiet !== true) console.warn(`matyan: ${text}`)
    }
    const problems = problemsOf(say)
    // Begun early, since a page may lose the network that it comes by. Elsewhere it is there at once, and what is logged is kept at once.
    const blobs = loadBlobs().catch(() => undefined)
    if (platform.name === "node") await blobs
    const spool = settings.mode === "dry" ? null : await spoolFor(platform, settings, problems)
    const book = new Book({ platform, settings, problems, say, spool })
    const isJoined = options.join === true
    const ending = endingOf({ book, settings, problems, isJoined })
    const run = new Run(book, ending, settings.url)
    begin(run, book, options)
    if (options.console === true)
      ending.before(platform.captureConsole((line) => book.message({ type: "log_terminal_line", line, step: null })))
    if (typeof options.system === "number") ending.before(sampleSystem(run, book, options.system))
    // Not before the first values may be logged: it takes longer than all of the above.
    const connected = (): Promise<void> => connect(platform, settings, book, ending.after)
    if (settings.mode === "online") book.during(new Promise<void>((begun) => platform.later(0, () => begun(connected()))))
    return run
  }

const spoolFor = async (platform: Platform, settings: Settings, problems: Problems): Promise<Spool> => {
  const { runId, url, queueBytes } = settings
  const writer = newWriter()
  if (settings.spool !== null)
    try {
      return await platform.openSpool(settings.spool, writer, runId, url)
    } catch (error) {
      problems.add(`no spool, what is logged is only in memory: ${String(error)}`)
    }
  return memorySpool(writer, runId, url, queueBytes / 2)
}

/** What the run is, before anything that is logged into it. */
const begin = (run: Run, book: Book, options: InitOptions): void => {
  const { experiment, name, description, config, tags } = options
  const force_resume = options.resume !== undefined
  if (options.join !== true) book.message({ type: "create_run", client_datetime: isoOf(nowMicros()), force_resume })
  if (experiment !== undefined || name !== undefined || description !== undefined)
    book.message({ type: "set_run_property", experiment, name, description })
  if (config !== undefined) run.config(config)
  run.tag(...(tags ?? []))
}

/** Sends what is left of this run and then what is logged; what is left of others meanwhile. */
const connect = async (platform: Platform, settings: Settings, book: Book, after: (stop: () => void) => void): Promise<void> => {
  const { spool, url, isKnown } = settings
  book.send(spool === null || !isKnown ? [] : await earlierOf(platform, spool, book, url))
  if (spool === null) return
  const ending = new AbortController()
  after(() => ending.abort())
  void book
    .until(() => book.isConnected, Infinity)
    .then(() => {
      // Nobody waits for what is of other runs, so the code for it is no part of what pages load first.
      const send = async (): Promise<void> => {
        const { sendLeftovers } = await import("./leftovers.ts")
        for (const { runId, problems } of await sendLeftovers(platform, spool, { url, signal: ending.signal }))
          for (const problem of problems) book.problem(`what was left of run ${runId}: ${problem}`)
      }
      if (!book.isClosed)
        book.beside(send().catch((error: unknown) => book.problem(`what was left of other runs stays: ${String(error)}`)))
    })
}

/** What earlier processes left of this run. */
const earlierOf = async (platform: Platform, spool: SpoolSettings, book: Book, url: string): Promise<readonly Shipment[]> => {
  try {
    const left = await platform.leftovers(spool, { url, runId: book.runId })
    return await Promise.all(left.map((spool) => leftShipmentOf(book.shipping(spool))))
  } catch (error) {
    book.problem(`what earlier processes left of this run could not be read, it stays where it is: ${String(error)}`)
    return []
  }
}
