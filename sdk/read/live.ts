/** What changes, as it changes: the server's stream of events, followed through breaks. See docs/live.md. */
import type { EntityEvent, PointsEvent, RunEvent } from "./api-types.ts"
import type { Connection } from "./connection.ts"
import { failureOf, MatyanError } from "./errors.ts"
import { EventReader, type StreamEvent } from "./event-stream.ts"
import type { CallOptions } from "./operation.ts"
import { backoff, pause } from "./pause.ts"

/** Of what to be told, from where on. */
export interface SubscribeOptions extends CallOptions {
  /** Only of runs that match, with `matches` in what is told of them; MatyanQL. */
  readonly query?: string
  /** Only of these runs. */
  readonly runs?: string | readonly string[]
  /** Only of these: `runs`, `points`, `entities`. */
  readonly topics?: readonly ("runs" | "points" | "entities")[]
  /** Goes on after a change, by its `cursor`; begins at what reads show now without it. */
  readonly from?: string
  /** Told of each connection that is open, with where it begins, and of each that broke and why. */
  readonly onState?: (state: "open" | "broken", about: { readonly cursor: string | null; readonly error: unknown }) => void
}

interface At {
  /** Where the stream stands after it: `from` of another subscription, maybe of another process, goes on from there. */
  readonly cursor: string
}

/**
 * Something changed, and reads show it. `reread`: changes were left out; read anew what is shown. Its reason is `lag` or `filter`, as
 * the server says; or `cursor`: the server does not know the place to go on from.
 */
export type Change =
  | (At & { readonly type: "run" } & RunEvent)
  | (At & { readonly type: "points" } & PointsEvent)
  | (At & { readonly type: "entity" } & EntityEvent)
  | (At & { readonly type: "reread"; readonly reason: "lag" | "filter" | "cursor" })

/** Milliseconds without a sign of life after which a connection is given up; the server gives one every 15 seconds. */
const silentMillis = 45_000
const mostWaitMillis = 10_000

/**
 * The changes from now or a cursor on, each once and in order, until the reader leaves or the signal aborts. Connections that break
 * are opened again where they ended, for as long as it takes; what the server refuses (a query that cannot be read) ends it.
 */
export async function* subscribe(connection: Connection, options: SubscribeOptions = {}): AsyncGenerator<Change, undefined> {
  const { signal, onState } = options
  let cursor = options.from ?? null
  let [failed, firstMillis] = [0, connection.retries.firstMillis || 100]
  for (;;) {
    try {
      for await (const { event, data, id, retryMillis } of connected(connection, options, cursor)) {
        if (event === opened) onState?.("open", { cursor, error: null })
        failed = 0
        firstMillis = retryMillis ?? firstMillis
        if (id === "") continue
        cursor = id
        const change = data === null ? null : changeOf(event, data, id)
        if (change !== null) yield change
      }
      onState?.("broken", { cursor, error: null })
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      if (isLost(error, cursor)) {
        // Whatever has changed since that place is not known.
        yield { type: "reread", reason: "cursor", cursor: "" }
        cursor = null
        continue
      }
      if (!(error instanceof MatyanError) || isRefusal(error)) throw error
      onState?.("broken", { cursor, error })
    }
    await pause(backoff(failed++, firstMillis, mostWaitMillis), signal)
  }
}

const opened = "opened"

async function* connected(connection: Connection, options: SubscribeOptions, cursor: string | null) {
  const { query: q, runs, topics, signal } = options
  const silence = new AbortController()
  const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal])
  const query = {
    ...(q === undefined ? {} : { q }),
    ...(runs === undefined ? {} : { run: [runs].flat() }),
    ...(topics === undefined ? {} : { topics }),
    ...(cursor === null ? {} : { cursor }),
  }
  const beat = (): ReturnType<typeof setTimeout> => setTimeout(() => silence.abort(), silentMillis)
  let timer = beat()
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  try {
    const response = await connection.open("GET /stream", { query, signal: either })
    reader = response.body?.getReader()
    yield { ...nothing, event: opened }
    const [events, utf8] = [new EventReader(), new TextDecoder()]
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {}
      if (done) return
      clearTimeout(timer)
      timer = beat()
      for (const event of events.read(utf8.decode(value, { stream: true }))) yield { ...event, retryMillis: events.retryMillis }
    }
  } catch (error) {
    throw silence.signal.aborted ? silent() : failureOf(error, "cut", "GET /stream", signal)
  } finally {
    clearTimeout(timer)
    await reader?.cancel().catch(() => undefined)
  }
}

const nothing: StreamEvent & { readonly retryMillis: number | null } = { event: "", data: null, id: "", retryMillis: null }

const silent = (): MatyanError => new MatyanError(`nothing came for ${silentMillis / 1_000} s`, { code: "cut" })

/** Events of kinds that are not known yet are passed over. */
const changeOf = (type: string, data: string, cursor: string): Change | null =>
  // The forms that the API's document says each event has.
  ["run", "points", "entity", "reread"].includes(type) ? ({ ...(JSON.parse(data) as object), type, cursor } as Change) : null

/** Whether the server says that the place to go on from is none of its own. */
const isLost = (error: unknown, cursor: string | null): boolean =>
  cursor !== null && error instanceof MatyanError && error.status === 400 && /\bcursor (is|lies)\b/.test(error.message)

const isRefusal = ({ status }: MatyanError): boolean => status >= 400 && status < 500 && ![408, 425, 429].includes(status)
