/** Answers of many runs, written page by page: each page is one view, made when the client has taken the one before. */
import { setTimeout as pause } from "node:timers/promises"
import type { FastifyReply } from "fastify"
import { RunLoader } from "../../projections/search-facts.ts"
import type { Search } from "./search.ts"
import { TreeWriter } from "./stream-codec.ts"
import { pageBytes, sendStream } from "./streaming.ts"

/** Milliseconds after which a page is sent though it is small. */
const pageMs = 500

/** Numbers the frames that tell how far a search is; writes none where nobody asked for them. */
export class Progress {
  readonly #isWanted: boolean
  #next = 0
  #told = performance.now()

  constructor(isWanted: boolean) {
    this.#isWanted = isWanted
  }

  frame(writer: TreeWriter, checked: number, total: number): void {
    this.#told = performance.now()
    if (this.#isWanted) writer.progress(this.#next++, checked, total)
  }

  get isWanted(): boolean {
    return this.#isWanted
  }

  /** A frame only where there was none for half a second. */
  lateFrame(writer: TreeWriter, checked: number, total: number): void {
    if (performance.now() - this.#told > pageMs) this.frame(writer, checked, total)
  }
}

/** Milliseconds after which a client is told that a search still looks, and then again and again. */
const beatMs = 1_000

/**
 * Answers with the pages of what a search finds. Usually all is found before the first byte, so that a fault still has its
 * status. Where it takes longer, and the client wants to hear how far it is, the answer begins with frames of the runs
 * looked at, out of one more; what fails then ends the connection.
 */
export const answerWith = async <A>(
  reply: FastifyReply,
  search: Search,
  progress: Progress,
  finding: Promise<A>,
  pages: (found: A) => AsyncGenerator<Uint8Array>,
): Promise<FastifyReply> => {
  const isSoon = !progress.isWanted || (await within(finding, beatMs))
  return sendStream(reply, isSoon ? pages(await finding) : beating(search, progress, finding, pages))
}

async function* beating<A>(
  search: Search,
  progress: Progress,
  finding: Promise<A>,
  pages: (found: A) => AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const writer = new TreeWriter()
  do {
    progress.frame(writer, search.looked, search.looked + 1)
    yield writer.take()
  } while (!(await within(finding, beatMs)))
  yield* pages(await finding)
}

/** Whether a promise settles within so many milliseconds. */
const within = async (promise: Promise<unknown>, milliseconds: number): Promise<boolean> => {
  const over = new AbortController()
  const settled = promise.then(
    () => true,
    () => true,
  )
  const passed = pause(milliseconds, false, { signal: over.signal }).catch(() => false)
  const isSettled = await Promise.race([settled, passed])
  over.abort()
  return isSettled
}

/**
 * Writes a run, or the next part of it: then it answers "more", and is called again, maybe in another view; also where what it
 * reads fails. It writes at once what it has read, with no wait in between.
 */
export type WriteRun = (loader: RunLoader, index: number, writer: TreeWriter) => Promise<"done" | "more">

export interface Pages {
  readonly runs: readonly string[]
  readonly begin?: (writer: TreeWriter) => void
  readonly write: WriteRun
  /** After each run, also one that was left out. */
  readonly after?: (writer: TreeWriter, index: number) => void
  readonly end?: (writer: TreeWriter) => void
}

export async function* pagesOf(search: Search, { runs, begin, write, after, end }: Pages): AsyncGenerator<Uint8Array> {
  const writer = new TreeWriter(2 * pageBytes)
  begin?.(writer)
  let next = 0
  while (next < runs.length) {
    await search.read(async (rows) => {
      const loader = new RunLoader(rows)
      const until = performance.now() + pageMs
      while (next < runs.length && writer.length < pageBytes && performance.now() < until) {
        const written = (await search.orLeftOut(runs[next]!, () => write(loader, next, writer))) ?? "done"
        if (written === "done") after?.(writer, next++)
        await search.turn()
      }
    })
    if (writer.length >= pageBytes || next < runs.length) yield writer.take()
  }
  end?.(writer)
  yield writer.take()
}
