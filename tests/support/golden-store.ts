/** The store that the golden vectors were recorded over, made from its messages, behind a query gateway. */
import { Effect, Exit, Layer, ManagedRuntime, Scope, Stream } from "effect"
import type { FastifyInstance } from "fastify"
import { randomUUID } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { RunIntake } from "../../domain/ingest/intake.ts"
import { translateFrame } from "../../domain/ingest/translate.ts"
import { defaultIngestLimits } from "../../domain/limits.ts"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { stamper } from "../../domain/stamp.ts"
import type { AnyEvent } from "../../events/index.ts"
import { Names } from "../../gateways/names.ts"
import { queryServer } from "../../gateways/query/server.ts"
import { lmdbStore } from "../../infra/lmdb/key-value-store.ts"
import { makeCaughtUp } from "../../projections/caught-up.ts"
import type { Rows } from "../../projections/rows.ts"
import { makeView } from "../../projections/view.ts"
import { catchUp, project } from "../../projections/worker.ts"
import { embeddedLog } from "./embedded-log.ts"
import type { FaultyLog } from "./faulty-log.ts"
import { recordedBlobs } from "./recorded-blobs.ts"

export interface GoldenStore {
  readonly server: FastifyInstance
  /** What is in the log. */
  readonly events: () => Promise<readonly AnyEvent[]>
  readonly read: <A>(body: (rows: Rows) => Promise<A>) => Promise<A>
  /** Does what a command line would, beside the gateway. */
  readonly run: <A>(effect: Effect.Effect<A, unknown, EventLog | KeyValueStore>) => Promise<A>
  /** The id that a name is bound to. */
  readonly bind: Names["Service"]["bind"]
}

export interface GoldenOptions {
  /** Whether the seed's messages are logged first; yes by default, where they are folded. */
  readonly seeded?: boolean
  /** Whether what is logged is folded; yes by default. `until-made`: only what makes the first, empty generation. */
  readonly projecting?: boolean | "until-made"
  readonly waitMillis?: number
  /** Wraps the log, to make it fail. */
  readonly log?: FaultyLog
  /** Wraps the objects. */
  readonly blobs?: (blobs: BlobStore["Service"]) => BlobStore["Service"]
  /** Wraps the store. */
  readonly store?: (layer: Layer.Layer<KeyValueStore, unknown>) => Layer.Layer<KeyValueStore, unknown>
}

export const readGolden = (file: string): string => readFileSync(new URL(`../fixtures/golden/${file}`, import.meta.url), "utf8")

/** The clock at which the golden requests were made, in Unix seconds. */
export const goldenNow = 1_767_226_600
/** What the golden blob URIs are sealed with. */
export const goldenSecret = (JSON.parse(readGolden("blob_uri.json")) as readonly { readonly key?: string }[])[0]?.key ?? ""

/** Lives until the test is over; or until whatever `atEnd` stands for, such as `afterAll` for tests that only read. */
export const goldenStore = async (
  options: GoldenOptions = {},
  atEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<GoldenStore> => {
  const folder = mkdtempSync(join(tmpdir(), "matyan-golden-"))
  atEnd(async () => rmSync(folder, { recursive: true, force: true }))
  const ports = Layer.mergeAll(
    options.log?.over(embeddedLog({ folder })) ?? embeddedLog({ folder }),
    (options.store ?? ((layer) => layer))(lmdbStore({ folder: join(folder, "store") })),
    Layer.effect(BlobStore, Effect.map(BlobStore, options.blobs ?? ((blobs) => blobs))).pipe(
      Layer.provide(recordedBlobs(join(folder, "blobs"), goldenObjects)),
    ),
  )
  const runtime = ManagedRuntime.make(Names.layer.pipe(Layer.provideMerge(ports)))
  atEnd(() => runtime.dispose())
  const scope = Scope.makeUnsafe()
  atEnd(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const made = Effect.gen(function* () {
    if (options.projecting === "until-made") yield* catchUp()
    else if (options.projecting !== false) yield* Effect.forkIn(project(), scope)
    if ((options.projecting ?? true) === true && options.seeded !== false) yield* seed
    const view = yield* makeView
    const names = yield* Names
    const server = yield* queryServer({
      host: "127.0.0.1",
      port: 0,
      blobSecret: goldenSecret,
      clock: () => goldenNow,
      newId: randomUUID,
      waitMillis: options.waitMillis ?? 10_000,
    })
    return { server, view, names }
  })
  const { server, view, names } = await runtime.runPromise(made)
  atEnd(async () => {
    await server.close()
  })
  return {
    server,
    events: () => runtime.runPromise(recorded),
    read: (body) => runtime.runPromise(view.read(body)),
    run: (effect) => runtime.runPromise(effect),
    bind: names.bind,
  }
}

const recorded = Effect.gen(function* () {
  const log = yield* EventLog
  const batches = yield* Stream.runCollect(log.source(new Map()))
  return [...batches].flatMap(({ records }) => records.filter((record) => record.type !== "Undecodable"))
})

interface SeedMessage {
  readonly clock: number
  readonly message: { readonly type: string; readonly run_id: string; readonly payload: Readonly<Record<string, unknown>> }
}

/** Each message as if its client's clock had shown what the worker's did, which is what the vectors tell. */
const seed = Effect.gen(function* () {
  const log = yield* EventLog
  const names = yield* Names
  const caughtUp = yield* makeCaughtUp
  const stamp = stamper({ writer: "golden", actor: "golden", newId: randomUUID })
  const events = (JSON.parse(readGolden("seed.json")) as readonly SeedMessage[]).flatMap(({ clock, message }) => {
    const time = new Date(clock * 1_000).toISOString()
    const text = JSON.stringify({ type: message.type, ...message.payload, client_datetime: time })
    const reading = translateFrame(withFloats(text), new RunIntake(message.run_id, defaultIngestLimits), clock, names.bind)
    if (reading === "not-messages" || reading.error !== null) throw new Error(`a seed message is refused: ${text}`)
    const facts = reading.stated.map(({ fact }) => fact)
    return stamp(facts, { at: clock, cause: null })
  })
  yield* caughtUp(yield* log.append(events))
})

/** `JSON.stringify` prints the bounds of the distribution and the time of a record without their points. */
const withFloats = (text: string): string =>
  text.replace('"range":[0,1]', '"range":[0.0,1.0]').replace('"timestamp":1767225606,', '"timestamp":1767225606.0,')

const runA = "a".repeat(32)
const goldenObjects = new Map<string, Uint8Array>([
  [`${runA}/seq/img/0.png`, Buffer.from("89504e470d0a1a0a", "hex")],
  [`${runA}/seq/aud/0.wav`, Buffer.from("RIFF")],
  [`${runA}/models/m.bin`, Buffer.from("weights")],
])
