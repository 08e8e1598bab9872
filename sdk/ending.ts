/** How a run comes to its end: by `finish`, or with the process. */
import type { Book } from "./book.ts"
import { nowMicros } from "./clock.ts"
import type { Settings } from "./options.ts"
import type { Problems } from "./problems.ts"
import type { RunState, RunStatus } from "./status.ts"

/** What `run.finish`, `flush` and `status` do. */
export interface Ending {
  readonly flush: (millis?: number) => Promise<boolean>
  readonly finish: () => Promise<RunStatus>
  readonly status: () => RunStatus
  /** Something to end before the run does, such as the capture of the console. */
  readonly before: (stop: () => void) => void
  /** Something to end when the run has done its own. */
  readonly after: (stop: () => void) => void
}

/** What is to be ended. */
export interface EndingOptions {
  readonly book: Book
  readonly settings: Settings
  readonly problems: Problems
  readonly isJoined: boolean
}

/** What of the time to finish may go to uploads: the end of the run is to be kept and sent in the rest. */
const uploadShare = 0.8

/** Ends a run once, by whichever of the ways. */
export const endingOf = ({ book, settings, problems, isJoined }: EndingOptions): Ending => {
  const { platform, journal } = book
  let state: RunState = "running"
  let finishing: Promise<RunStatus> | null = null
  /** What was left when the spools were let go of. */
  let unsent: RunStatus["unsent"] | null = null
  const early: (() => void)[] = []
  const late: (() => void)[] = []

  const status = (): RunStatus => ({
    state,
    isConnected: book.isConnected,
    logged: journal.logged,
    dropped: journal.dropped,
    unsent: unsent ?? book.unsent(),
    position: book.position,
    problems: problems.list(),
  })

  const sealEnd = (): void => {
    if (!isJoined) book.message({ type: "finish_run", client_datetime: isoOf(nowMicros()) })
    journal.seal()
  }

  const stopAll = (stops: readonly (() => void)[]): void => {
    for (const stop of stops) stop()
  }

  const end = async (): Promise<RunStatus> => {
    state = "finishing"
    stopAll(early)
    const begun = performance.now()
    const left = (share: number): number => Math.max(0, settings.finishTimeout * share - (performance.now() - begun))
    const isOnline = settings.mode === "online"
    journal.seal()
    await book.until(() => !book.isWorking && (!isOnline || !book.hasBlobs), left(uploadShare))
    sealEnd()
    const isSent = isOnline && (await book.until(() => book.isDone, left(1)))
    state = book.isDry || isSent ? "finished" : settings.spool === null ? "lost" : "left-in-spool"
    unsent = book.unsent()
    if (isSent) await book.until(() => book.isAlone, left(1))
    stopAll(late)
    await book.until(() => book.isAlone, 1_000)
    await book.close()
    return status()
  }

  const finish = (): Promise<RunStatus> => {
    finishing ??= whileAlive(end())
    return finishing
  }

  late.push(
    platform.atEnd(
      () => void finish(),
      () => {
        // A page that is hidden may be shown again; a process that ends does not come back.
        if (platform.name === "node" && finishing === null) sealEnd()
        else journal.seal()
      },
    ),
  )
  return {
    status,
    finish,
    before: (stop) => void early.push(stop),
    after: (stop) => void late.push(stop),
    flush: (millis = settings.finishTimeout) => {
      journal.seal()
      return settings.mode === "online"
        ? whileAlive(book.until(() => !book.isWorking && book.isDone, millis))
        : Promise.resolve(false)
    },
  }
}

/** Neither timers nor sockets of ours keep a process alive; somebody who waits for them must. */
const whileAlive = async <A>(work: Promise<A>): Promise<A> => {
  const timer = setInterval(() => {}, 2 ** 30)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}

/** An ISO 8601 time with microseconds. */
export const isoOf = (micros: number): string => {
  const whole = new Date(Math.floor(micros / 1000)).toISOString()
  return `${whole.slice(0, -1)}${String(micros % 1000).padStart(3, "0")}+00:00`
}
