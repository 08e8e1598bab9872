/** A query gateway over the embedded log with the real projector, and a reader of its stream as a browser reads it. */
import { Effect, Exit, Layer, ManagedRuntime, Scope } from "effect"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import type { AnyEvent, AnyFact, Position } from "../../events/index.ts"
import type { LiveOptions } from "../../gateways/query/live.ts"
import { Names } from "../../gateways/names.ts"
import { apiPrefix, queryServer } from "../../gateways/query/server.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import { prepare, project } from "../../projections/worker.ts"
import { embeddedLog } from "./embedded-log.ts"
import { stamped } from "./folding.ts"

export interface LiveBed {
  readonly url: string
  readonly log: EventLog["Service"]
  readonly store: KeyValueStore["Service"]
  readonly append: (events: readonly AnyEvent[]) => Promise<readonly Position[]>
  readonly say: (...facts: readonly AnyFact[]) => Promise<readonly Position[]>
  /** Waits until these positions are folded. */
  readonly folded: (positions: readonly Position[]) => Promise<void>
  /** Begins to fold; at once unless it was asked to wait. */
  readonly project: () => void
  readonly close: () => Promise<void>
}

export interface LiveBedOptions {
  readonly live?: Partial<LiveOptions>
  readonly projecting?: boolean
}

/** Lives until the test is over. */
export const liveBed = async (
  { live = {}, projecting = true }: LiveBedOptions = {},
  atEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<LiveBed> => {
  const folder = mkdtempSync(join(tmpdir(), "matyan-live-"))
  atEnd(async () => rmSync(folder, { recursive: true, force: true }))
  const ports = Layer.mergeAll(
    embeddedLog({ folder, partitions: 2 }),
    lmdbStore({ folder: join(folder, "store") }),
    fileBlobs({ folder: join(folder, "blobs"), baseUrl: () => "http://localhost" }),
  )
  const runtime = ManagedRuntime.make(Names.layer.pipe(Layer.provideMerge(ports)))
  atEnd(() => runtime.dispose())
  const scope = Scope.makeUnsafe()
  atEnd(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const made = Effect.gen(function* () {
    yield* prepare
    const server = yield* queryServer({ host: "127.0.0.1", port: 0, blobSecret: secret, newId: randomUUID, live })
    return { server, log: yield* EventLog, store: yield* KeyValueStore, caughtUp: yield* makeCaughtUp }
  })
  const { server, log, store, caughtUp } = await runtime.runPromise(made)
  atEnd(() => server.close())
  const startProjector = (): void => void runtime.runPromise(Effect.forkIn(project(), scope))
  if (projecting) startProjector()
  const append = (events: readonly AnyEvent[]) => runtime.runPromise(log.append(events))
  return {
    url: await server.listen({ host: "127.0.0.1", port: 0 }),
    log,
    store,
    append,
    say: (...facts) => append(facts.map((fact) => stamped(fact, 1_767_225_600))),
    folded: (positions) => runtime.runPromise(caughtUp(positions)),
    project: startProjector,
    close: () => server.close(),
  }
}

/** 32 bytes in URL-safe base64. */
const secret = Buffer.alloc(32, 7).toString("base64url")

export interface Told {
  readonly event: string
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Listener {
  readonly headers: IncomingHttpHeaders
  /** Everything that was told so far. */
  readonly told: readonly Told[]
  /** The last cursor that came, with or without an event. */
  readonly id: () => string
  /** Waits for so many signs of life, or events. */
  readonly beats: (count: number) => Promise<void>
  /** Waits until what was told satisfies. */
  readonly until: (isEnough: (told: readonly Told[]) => boolean) => Promise<void>
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>
  readonly close: () => void
}

/** Follows the stream, after a cursor where one is given; resolves once the first cursor has come. */
export const listen = async (bed: Pick<LiveBed, "url">, query = "", cursor?: string): Promise<Listener> => {
  // A connection of its own, which is closed with it: a pool would open another in its place.
  const asked = request(`${bed.url}${apiPrefix}/stream${query}`, {
    agent: false,
    ...(cursor === undefined ? {} : { headers: { "last-event-id": cursor } }),
  }).end()
  const [response] = (await once(asked, "response")) as [IncomingMessage]
  response.setEncoding("utf8")
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${(await response.toArray()).join("")}`)
  const told: Told[] = []
  const waiting = new Set<() => void>()
  let id = ""
  let buffered = ""
  let blocks = 0
  const take = (block: string): void => {
    const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]))
    blocks++
    id = fields.get("id") ?? id
    const data = fields.get("data")
    if (data !== undefined) told.push({ event: fields.get("event") ?? "message", id, data: JSON.parse(data) })
    for (const look of waiting) look()
  }
  const read = async (): Promise<void> => {
    for await (const chunk of response) {
      const blocks = (buffered + String(chunk)).split("\n\n")
      buffered = blocks.pop() ?? ""
      for (const block of blocks) take(block)
    }
  }
  const ended = read().catch(() => undefined)
  const when = (isTrue: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isTrue()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      void ended.then(() => reject(new Error(`the stream ended after ${JSON.stringify(told)}`)))
      look()
    })
  await when(() => id !== "")
  return {
    headers: response.headers,
    told,
    id: () => id,
    beats: (count) => {
      const enough = blocks + count
      return when(() => blocks >= enough)
    },
    until: (isEnough) => when(() => isEnough(told)),
    ended,
    close: () => void asked.destroy(),
  }
}
