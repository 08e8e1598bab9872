/** One role each, as a process of its own beside others on the same engines. Each answers what it says when it is ready. */
import { Effect, Layer } from "effect"
import { BlobStore } from "../../domain/ports/blob-store.ts"
import { EventLog } from "../../domain/ports/event-log.ts"
import { KeyValueStore } from "../../domain/ports/key-value-store.ts"
import { metricsRegistry } from "../../gateways/metrics.ts"
import { Names } from "../../gateways/names.ts"
import { FoldHelpers } from "../../projections/fold-helpers.ts"
import { keepMillisOf, type Settings } from "../config.ts"
import { blobs, readableLog, store, writableLog } from "../engines.ts"
import { foldProcesses } from "../fold-processes.ts"
import { controlMetrics } from "../observe/control-metrics.ts"
import { foldCounts, projectionState, projectorMetrics } from "../observe/projector-metrics.ts"
import { controlRole } from "./control.ts"
import { frontierUrlOf, ingestRole, queryRole } from "./gateways.ts"
import { operationsServer } from "./operations.ts"
import { blobsCheck, foldingCheck, logCheck, storeCheck } from "./checks.ts"
import { type FoldingOptions, keepFolding, openProjections } from "./projections.ts"

/** Takes what runs log. It needs the log and the objects, and works on while the store is away. */
export const ingestGatewayProcess = (settings: Settings) =>
  Effect.gen(function* () {
    let url = frontierUrlOf(settings)
    const ports = Layer.merge(
      writableLog(settings),
      blobs(settings, () => url),
    )
    const services = yield* Layer.build(Names.layer.pipe(Layer.provideMerge(ports)))
    const at = yield* ingestRole(settings).pipe(Effect.provideContext(services))
    url = settings.frontierUrl ?? at
    return `ingestion at ${at}`
  })

/** Answers reads and takes commands. */
export const queryGatewayProcess = (settings: Settings) =>
  Effect.gen(function* () {
    const frontierUrl = () => frontierUrlOf(settings)
    const ports = Layer.mergeAll(writableLog(settings), store(settings), blobs(settings, frontierUrl))
    const services = yield* Layer.build(Names.layer.pipe(Layer.provideMerge(ports)))
    const at = yield* Effect.andThen(openProjections, queryRole(settings, frontierUrl)).pipe(Effect.provideContext(services))
    return `REST at ${at}`
  })

/** Folds its share of the partitions. */
export const projectorProcess = (settings: Settings) =>
  Effect.gen(function* () {
    const services = yield* Layer.build(Layer.merge(readableLog(settings), store(settings)))
    return yield* Effect.gen(function* () {
      yield* openProjections
      const folding = foldingCheck()
      const checks = [logCheck(yield* EventLog), storeCheck(yield* KeyValueStore), folding.check]
      const registry = metricsRegistry()
      const count = projectorMetrics(registry, yield* projectionState)
      const at = yield* operationsServer(settings, registry, checks)
      const onFolded: FoldingOptions["onFolded"] = (...fold) => count(foldCounts(...fold))
      yield* Effect.forkScoped(
        keepFolding({ onFolded, onFault: folding.onFault, keepMillis: keepMillisOf(settings) }).pipe(
          Effect.provideService(FoldHelpers, foldProcesses(settings)),
        ),
      )
      return `health and metrics at ${at}`
    }).pipe(Effect.provideContext(services))
  })

/** Empties the trash and does the jobs that are due. */
export const controlWorkerProcess = (settings: Settings) =>
  Effect.gen(function* () {
    const ports = Layer.mergeAll(
      writableLog(settings),
      store(settings),
      blobs(settings, () => frontierUrlOf(settings)),
    )
    const services = yield* Layer.build(ports)
    return yield* Effect.gen(function* () {
      yield* openProjections
      const checks = [logCheck(yield* EventLog), storeCheck(yield* KeyValueStore), blobsCheck(yield* BlobStore)]
      const registry = metricsRegistry()
      const at = yield* operationsServer(settings, registry, checks)
      yield* Effect.forkScoped(controlRole(settings, controlMetrics(registry)))
      return `health and metrics at ${at}`
    }).pipe(Effect.provideContext(services))
  })
