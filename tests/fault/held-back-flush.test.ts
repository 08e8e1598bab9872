import { join } from "node:path"
import { Effect, Exit, Layer, Scope, Stream } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { EventLog } from "../../domain/ports/event-log.ts"
import { ingestGateway } from "../../gateways/ingest/gateway.ts"
import { defaultIngestGatewayOptions } from "../../gateways/ingest/options.ts"
import { Names } from "../../gateways/names.ts"
import { eventCodec } from "../../infra/avro/codec.ts"
import { fileBlobs } from "../../infra/files/blob-store.ts"
import { lmdbLog } from "../../infra/lmdb/event-log.ts"
import { lmdbRegistry } from "../../infra/lmdb/schema-registry.ts"
import { createRun, metric, openSocket, type Reply } from "../support/client-frames.ts"
import { freshFolder } from "../support/folders.ts"
import { until } from "../support/wait.ts"

/** What a commit passes before its flush; closed, it holds every commit back. */
class Gate {
  waiting = 0
  #open: Promise<void> = Promise.resolve()
  #release: () => void = () => undefined

  close(): void {
    this.#open = new Promise((resolve) => (this.#release = resolve))
  }

  open(): void {
    this.#release()
  }

  readonly pass = async (): Promise<void> => {
    this.waiting += 1
    await this.#open
    this.waiting -= 1
  }
}

const start = async (gate: Gate) => {
  const folder = freshFolder()
  const scope = Scope.makeUnsafe()
  onTestFinished(async () => {
    gate.open()
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })
  const codec = eventCodec().pipe(Layer.provide(lmdbRegistry({ folder: join(folder, "registry") })))
  const log = (options: { readonly readOnly?: boolean }) =>
    lmdbLog({ folder: join(folder, "log"), beforeDurable: gate.pass, ...options }).pipe(Layer.provide(codec))
  const blobs = fileBlobs({ folder: join(folder, "blobs"), baseUrl: () => "http://127.0.0.1" })
  const built = <A, E>(layer: Layer.Layer<A, E>) => Effect.runPromise(Layer.build(layer).pipe(Scope.provide(scope)))
  const services = await built(Names.layer.pipe(Layer.provideMerge(Layer.merge(log({}), blobs))))
  const { port } = await Effect.runPromise(
    ingestGateway({ ...defaultIngestGatewayOptions, port: 0 }).pipe(Effect.provideContext(services), Scope.provide(scope)),
  )
  const reader = await built(log({ readOnly: true }))
  const recorded = () =>
    Effect.runPromise(
      Effect.flatMap(EventLog, (log) => Stream.runCollect(log.source(new Map()))).pipe(Effect.provideContext(reader)),
    ).then((batches) => batches.flatMap(({ records }) => records.map(({ type }) => type)))
  return { url: `http://127.0.0.1:${port}`, recorded }
}

/** Everything the gateway had to say before these answers, it has said. */
const roundTrips = async (url: string): Promise<void> => {
  for (let i = 0; i < 5; i++) expect((await fetch(`${url}/health/live/`)).status).toBe(200)
}

it("Law 9: while the flush is held back, no client sees an acknowledgement and no reader sees a record", async () => {
  const gate = new Gate()
  const { url, recorded } = await start(gate)
  const socket = await openSocket(url, "held")
  expect(await socket.send(createRun())).toEqual({ status: "ok", error: null })
  const before = await recorded()

  gate.close()
  const replies: Reply[] = []
  const other = await openSocket(url, "other")
  const sent = [
    socket.send(metric("loss", 0, 0.5)),
    socket.send([metric("loss", 1, 0.25), metric("loss", 2, 0.125)]),
    other.send(createRun()),
  ].map((reply) => reply.then((arrived) => replies.push(arrived)))
  await until("a commit before its flush", () => gate.waiting, (waiting) => waiting > 0) // prettier-ignore
  // Where it waits for no flush, an answer comes as soon as the disk is done.
  for (const end = performance.now() + 2_000; replies.length === 0 && performance.now() < end;) await roundTrips(url)
  expect(replies).toEqual([])
  expect(await recorded()).toEqual(before)

  gate.open()
  await Promise.all(sent)
  expect(replies.map(({ status }) => status)).toEqual(["ok", "ok", "ok"])
  const after = await recorded()
  expect(after.toSorted()).toEqual([...before, "PointsLogged", "PointsLogged", "RunCreated"].toSorted())
})
