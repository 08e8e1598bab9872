/** `GET /stream`: what changes, as server-sent events (WHATWG HTML, section 9.2). See docs/live.md. */
import type { FastifyInstance, FastifyRequest } from "fastify"
import { partitionName } from "../../domain/ports/event-log.ts"
import type { LiveFeed } from "../../projections/live-feed.ts"
import * as parameters from "./api-parameters.ts"
import { badRequest, unavailable } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { type Cursor, Cursors, isReached, reachOf } from "./live-cursor.ts"
import { type Asked, LiveFilter } from "./live-filter.ts"
import { Outbox } from "./live-outbox.ts"
import { LiveSession } from "./live-session.ts"
import type { Topic } from "./live-slices.ts"
import { Tail } from "./live-tail.ts"
import { isId } from "./parameters.ts"
import { queryIn } from "./search-query.ts"
import { clientSignal } from "./streaming.ts"

export interface LiveOptions {
  /** Most clients at a time; more are answered 503. */
  readonly mostClients: number
  /** Milliseconds for which changes are gathered: a run's points are told of once in that time. */
  readonly sliceMillis: number
  /** Milliseconds between two signs of life, which also bring the newest cursor. */
  readonly heartbeatMillis: number
  /** Most events that may wait for a client before it is told to read everything anew. */
  readonly mostWaiting: number
}

export const defaultLiveOptions: LiveOptions = {
  mostClients: 1_000,
  sliceMillis: 250,
  heartbeatMillis: 15_000,
  mostWaiting: 2_000,
}

/** Changes that the tail gathers before it tells them, however little time has passed. */
const mostChanges = 10_000

export const liveRoutes =
  (gateway: Gateway, feed: LiveFeed, options: LiveOptions) =>
  async (app: FastifyInstance): Promise<void> => {
    const { run } = gateway
    const draining = new AbortController()
    const tailOptions = { sliceMillis: options.sliceMillis, mostChanges }
    const tails = new Tails(options.mostClients, (cursors) => Tail.start(feed, run, cursors, tailOptions))
    app.addHook("preClose", async () => draining.abort())

    // A HEAD request would be answered without end.
    app.get("/stream", { exposeHeadRoute: false }, async (request, reply) => {
      const asked = askedIn(request, gateway)
      const ends = await run(feed.ends)
      const cursors = new Cursors(gateway.blobSecret, ends.map(partitionName))
      const logEnd = new Map(ends.map((end) => [partitionName(end), end.offset]))
      const from = cursorIn(request, cursors, logEnd) ?? { next: await run(feed.shown), open: null }
      const signal = AbortSignal.any([clientSignal(reply), draining.signal])
      const tail = await tails.enter(cursors)
      const outbox = new Outbox(signal)
      const filter = new LiveFilter(gateway.read, asked)
      const { mostWaiting, heartbeatMillis } = options
      const session = new LiveSession({ feed, run, cursors, tail, filter, outbox, signal, mostWaiting, heartbeatMillis })
      void session
        .serve(from)
        .catch((error: unknown) => signal.aborted || request.log.warn({ error }, "a client of the stream has to connect again"))
        .finally(() => {
          tails.leave()
          outbox.end()
        })
      reply.header("cache-control", "no-cache").header("x-accel-buffering", "no").type("text/event-stream")
      return reply.send(outbox)
    })
  }

/** The one tail that all clients share; there is none while there are no clients. */
class Tails {
  readonly #mostUsers: number
  readonly #start: (cursors: Cursors) => Promise<Tail>
  #tail: Promise<Tail> | undefined
  #users = 0

  constructor(mostUsers: number, start: (cursors: Cursors) => Promise<Tail>) {
    this.#mostUsers = mostUsers
    this.#start = start
  }

  /** Whoever has entered has to leave. */
  async enter(cursors: Cursors): Promise<Tail> {
    if (this.#users >= this.#mostUsers) throw unavailable(`${this.#mostUsers} clients follow the stream already; try later`)
    this.#users++
    try {
      return await (this.#tail ??= this.#start(cursors))
    } catch (error) {
      this.leave()
      throw error
    }
  }

  leave(): void {
    if (--this.#users > 0) return
    void this.#tail?.then((tail) => tail.end()).catch(() => undefined)
    this.#tail = undefined
  }
}

const topics: readonly Topic[] = ["runs", "points", "entities"]

const askedIn = (request: FastifyRequest, { clock }: Gateway): Asked => {
  const ids = parameters.liveRuns.read(request)
  for (const id of ids) if (!isId(id)) throw badRequest(`run is no id of a run: '${id.slice(0, 100)}'`)
  const compiled = queryIn(request, null, clock())
  const names = /experiment|tag/.test(parameters.query.read(request) ?? "")
  return {
    topics: topicsIn(request),
    runs: ids.length === 0 ? null : new Set(ids),
    query: compiled.isEmpty ? null : { compiled, names },
  }
}

const topicsIn = (request: FastifyRequest): ReadonlySet<Topic> => {
  const words = parameters.liveTopics.read(request).flatMap((text) => text.split(",").map((word) => word.trim()))
  const unknown = words.find((word) => !topics.some((topic) => topic === word))
  if (unknown !== undefined) throw badRequest(`topics must be some of ${topics.join(",")}, not '${unknown.slice(0, 100)}'`)
  return new Set(words.length === 0 ? topics : topics.filter((topic) => words.includes(topic)))
}

/** Where the client stands: the header, which a browser sends when it connects again, goes before the parameter. */
const cursorIn = (request: FastifyRequest, cursors: Cursors, logEnd: ReadonlyMap<string, number>): Cursor | undefined => {
  const header = parameters.lastEventId.read(request) ?? ""
  const parameter = parameters.liveCursor.read(request) ?? ""
  const [name, word] = header === "" ? ["cursor", parameter] : ["Last-Event-ID", header]
  if (word === "") return undefined
  const cursor = cursors.open(word)
  if (cursor === undefined) throw badRequest(`${name} is no cursor of this server's stream; connect without one and read anew`)
  if (!isReached(reachOf(cursor), logEnd))
    throw badRequest(`${name} is beyond the end of the log, so it is of another one; connect without one and read anew`)
  return cursor
}
