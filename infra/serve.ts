/** Everything in one process: both gateways, the projector and the control worker. */
import { Effect, Layer } from "effect"
import { metricsRegistry } from "../gateways/metrics.ts"
import { Names } from "../gateways/names.ts"
import { keepMillisOf, type Settings } from "./config.ts"
import { blobs, store, writableLog } from "./engines.ts"
import { controlMetrics } from "./observe/control-metrics.ts"
import { foldCounts, projectionState, projectorMetrics } from "./observe/projector-metrics.ts"
import { projectorThread } from "./projector-thread.ts"
import { controlRole } from "./roles/control.ts"
import { frontierUrlOf, ingestRole, queryRole } from "./roles/gateways.ts"
import { mayListen } from "./roles/address.ts"
import { foldingCheck } from "./roles/checks.ts"
import { keepFolding, openProjections } from "./roles/projections.ts"

export interface Serving {
  readonly backendUrl: string
  readonly frontierUrl: string
}

/** Serves until the scope closes; then sockets are drained first and the engines are closed last. */
export const serve = (settings: Settings) =>
  Effect.gen(function* () {
    yield* mayListen(settings)
    let frontierUrl = frontierUrlOf(settings)
    const ports = Layer.mergeAll(
      writableLog(settings),
      store(settings),
      blobs(settings, () => frontierUrl),
    )
    const services = yield* Layer.build(Names.layer.pipe(Layer.provideMerge(ports)))
    return yield* Effect.gen(function* () {
      yield* openProjections
      const registry = metricsRegistry()
      const count = projectorMetrics(registry, yield* projectionState)
      const { onFault, check } = foldingCheck()
      // FoundationDB's client library serves one thread of a process.
      yield* settings.projectorInThread && settings.store !== "fdb"
        ? projectorThread(settings, { onFolded: count, onFault })
        : Effect.forkScoped(
            keepFolding({ onFolded: (...fold) => count(foldCounts(...fold)), onFault, keepMillis: keepMillisOf(settings) }),
          )
      yield* Effect.forkScoped(controlRole(settings, controlMetrics(registry)))
      const ingestUrl = yield* ingestRole(settings)
      frontierUrl = settings.frontierUrl ?? ingestUrl
      // Reads go on where nothing is folded, so it is told and no more.
      const backendUrl = yield* queryRole(settings, () => frontierUrl, { registry, checks: [{ ...check, vital: false }] })
      return { backendUrl, frontierUrl } satisfies Serving
    }).pipe(Effect.provideContext(services))
  })
