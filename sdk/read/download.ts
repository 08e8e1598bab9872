/** A file as it comes: bytes that go on where a connection broke. */
import type { Connection } from "./connection.ts"
import { failureOf, MatyanError } from "./errors.ts"
import type { CallOptions } from "./operation.ts"
import { backoff, pause } from "./pause.ts"
import { safePath } from "./safe-path.ts"

/** From where on, and who is told how far it is. */
export interface DownloadOptions extends CallOptions {
  /** Bytes to begin at (0), such as those that an earlier try has saved. */
  readonly from?: number
  /** Called as bytes come: how many there are so far, `from` included, and how many the file has. */
  readonly onProgress?: (loaded: number, size: number) => void
}

/** A file that has begun to come. */
export interface Download {
  /** A relative path that is safe to write to: see `safePath`. */
  readonly path: string
  /** Bytes of the whole file. */
  readonly size: number
  readonly contentType: string
  /** The bytes, once; where the connection breaks it goes on from there. Cancelling it ends the download. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** All bytes in memory, in place of `stream`. */
  readonly bytes: () => Promise<Uint8Array<ArrayBuffer>>
  /** Writes all bytes to a stream, such as `Writable.toWeb(createWriteStream(path))` of Node, in place of `stream`. */
  readonly pipeTo: (target: WritableStream<Uint8Array>) => Promise<void>
}

/** Begins to download an artifact of a run; rejects with `not_found` where there is none of that path. */
export const download = async (
  connection: Connection,
  run: string,
  path: string,
  options: DownloadOptions = {},
): Promise<Download> => {
  const { from = 0, signal } = options
  const ask = (start: number) => {
    const given = { path: { id: run }, query: { path }, signal }
    return connection.open("GET /runs/{id}/artifacts/download", given, start === 0 ? {} : { range: `bytes=${start}-` })
  }
  const first = await ask(from)
  const size = sizeOf(first)
  if (from > 0 && first.status !== 206) throw noPart(path)
  const bytes = bytesOf(connection, ask, { first, size, path, options })
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: async (controller) => {
        const { done, value } = await bytes.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => {
        await bytes.return(undefined)
        // Where nothing was read yet, there is nothing that would let go of it.
        await first.body?.cancel().catch(() => undefined)
      },
    },
    // Nothing is read before somebody reads.
    { highWaterMark: 0 },
  )
  return {
    path: safePath(path),
    size,
    contentType: first.headers.get("content-type") ?? "application/octet-stream",
    stream,
    bytes: async () => new Uint8Array(await new Response(stream).arrayBuffer()),
    pipeTo: (target) => stream.pipeTo(target, signal === undefined ? {} : { signal }),
  }
}

interface Begun {
  readonly first: Response
  readonly size: number
  readonly path: string
  readonly options: DownloadOptions
}

/** All bytes; each time that a connection breaks, the rest is asked for, and no sooner given up than reads are. */
async function* bytesOf(
  { retries }: Connection,
  ask: (start: number) => Promise<Response>,
  { first, size, path, options: { from = 0, onProgress, signal } }: Begun,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  let [at, failed, response] = [from, 0, first]
  for (;;) {
    try {
      for await (const chunk of chunksOf(response, path, signal)) {
        at += chunk.length
        failed = 0
        onProgress?.(at, size)
        yield chunk
      }
      if (at >= size) return
      throw new MatyanError(`${path} was cut off: ${at} of ${size} bytes came`, { code: "cut" })
    } catch (error) {
      if (!(error instanceof MatyanError) || error.code !== "cut" || failed >= retries.times) throw error
      await pause(backoff(failed++, retries.firstMillis, 5_000), signal)
    }
    response = await ask(at)
    if (sizeOf(response) !== size || (at > 0 && response.status !== 206)) throw noPart(path)
  }
}

async function* chunksOf(
  response: Response,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw failureOf(error, "cut", path, signal)
      })
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

const noPart = (path: string): MatyanError =>
  new MatyanError(`${path} is another file than it was when its download began`, { code: "changed" })

/** Of the whole file, also where the answer is a part of it. */
const sizeOf = ({ headers }: Response): number =>
  Number(/\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1] ?? headers.get("content-length") ?? 0)
