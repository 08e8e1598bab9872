/** What each process of the installation does: the real roles, on the engines it is given. */
import { Context, Effect, Layer, type Scope } from "effect"
import type { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import type { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { type Dispatch, makeDispatch } from "../../gateways/dispatch.ts"
import { defaultIngestGatewayOptions } from "../../gateways/ingest/options.ts"
import { Sockets } from "../../gateways/ingest/sockets.ts"
import { Names } from "../../gateways/names.ts"
import { keepFolding, openProjections } from "../../infra/roles/projections.ts"
import { controlWorker } from "../../projections/control-worker.ts"
import { makeView, type View } from "../../projections/view.ts"
import type { Cluster } from "./cluster.ts"
import type { Process } from "./process.ts"

export interface QueryGateway {
  readonly process: Process
  readonly dispatch: Dispatch
  readonly view: View
  readonly newId: () => string
}

export interface IngestGateway {
  readonly process: Process
  readonly sockets: Sockets
}

type Engines = BlobStore | EventLog | KeyValueStore

/** Works for ever, unless a fault ends it that a supervisor answers by starting it again. */
export const roleOf = (cluster: Cluster, name: string, process: Process): Effect.Effect<void, unknown> =>
  workOf(cluster, name, process).pipe(Effect.scoped, Effect.provideContext(cluster.engines(process)))

const workOf = (cluster: Cluster, name: string, process: Process): Effect.Effect<void, unknown, Engines | Scope.Scope> => {
  if (name.startsWith("projector")) {
    const onFault = (fault: string): void => cluster.world.trace(`${name} waits: ${fault}`)
    return Effect.andThen(openProjections, keepFolding({ sliceSize: 3, onFault }))
  }
  if (name.startsWith("control")) return Effect.andThen(openProjections, control(process))
  return name.startsWith("query") ? query(cluster, name, process) : ingest(cluster, name, process)
}

const hours = (seconds: number): number => seconds / 3_600

/** Its periods are so short that all of it happens while faults do. */
const control = (process: Process) =>
  controlWorker({
    trashHours: hours(1.5),
    scanEverySeconds: 1,
    now: () => process.seconds,
    jobs: {
      finishStaleEvery: hours(5),
      staleAfter: 24,
      orphanBlobsEvery: hours(3),
      tombstonesEvery: hours(4),
      tombstonesOlderThan: hours(5),
      firstAfter: hours(1),
      lockTtlSeconds: 5,
    },
  })

const query = (cluster: Cluster, name: string, process: Process) =>
  Effect.gen(function* () {
    yield* openProjections
    const services = yield* Layer.build(Names.layer)
    const options = { clock: () => process.seconds, newId: process.newId, waitMillis: 3_000 }
    const dispatch = yield* makeDispatch(options).pipe(Effect.provideContext(services))
    cluster.opened(name, { process, dispatch, view: yield* makeView, newId: process.newId })
    yield* Effect.never
  })

const ingest = (cluster: Cluster, name: string, process: Process) =>
  Effect.gen(function* () {
    const names = Context.get(yield* Layer.build(Names.layer), Names)
    const means = {
      log: yield* EventLog,
      bind: names.bind,
      metrics: { opened: () => undefined, closed: () => undefined, messages: () => undefined },
      spans: { follows: () => false, record: () => undefined },
      run: process.run,
      clock: process.clock,
      newId: process.newId,
    }
    const { limits, sockets: options } = defaultIngestGatewayOptions
    const sockets = new Sockets(means, limits, options)
    yield* names.ready
    sockets.named = true
    cluster.opened(name, { process, sockets })
    yield* Effect.never
  })
