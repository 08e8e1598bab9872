/** The projector in a thread of its own, so that folding holds up neither sockets nor reads. */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { Cause, Effect, Exit, Fiber, Layer } from "effect"
import { keepMillisOf, type Settings } from "./config.ts"
import { readableLog, store } from "./engines.ts"
import { foldProcesses } from "./fold-processes.ts"
import { FoldHelpers } from "../projections/fold-helpers.ts"
import { keepFolding } from "./roles/projections.ts"
import { type FoldCounts, foldCounts } from "./observe/projector-metrics.ts"
import { logged } from "./observe/logging.ts"
import { traced } from "./observe/tracing.ts"

/** Who hears of each fold, and of what keeps the projector from folding, in words. */
export interface ProjectorListeners {
  readonly onFolded: (counts: FoldCounts) => void
  readonly onFault: (message: string) => void
}

/** What the thread tells. */
type Told = { readonly folded: FoldCounts } | { readonly fault: string }

/** Folds until the scope closes; a thread that dies is replaced, for the checkpoint tells where to go on. */
export const projectorThread = (settings: Settings, { onFolded, onFault }: Partial<ProjectorListeners> = {}) =>
  Effect.forkScoped(
    Effect.gen(function* () {
      const worker = yield* Effect.acquireRelease(
        Effect.sync(() => new Worker(new URL(import.meta.url), { workerData: settings satisfies Settings, resourceLimits })),
        (worker) => Effect.promise(() => stopped(worker)),
      )
      worker.on("message", (told: Told) => ("folded" in told ? onFolded?.(told.folded) : onFault?.(told.fault)))
      const reason = yield* Effect.promise(() => ended(worker))
      onFault?.("the projector's thread ended and is replaced")
      yield* Effect.logError("the projector's thread ended and is replaced", reason)
      yield* Effect.sleep("500 millis")
    }).pipe(Effect.scoped, Effect.forever),
  )

/**
 * Batches are short-lived garbage. Left alone, V8 lets the space for such grow until a backlog takes 100 MiB more than it
 * needs; kept small, it is collected a little more often.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 32 }

const ended = (worker: Worker): Promise<unknown> =>
  new Promise((resolve) => {
    let reason: unknown = "no reason given"
    worker.on("error", (error) => (reason = error))
    worker.on("exit", () => resolve(reason))
  })

const stopped = async (worker: Worker): Promise<void> => {
  if (worker.threadId === -1) return
  const end = ended(worker)
  worker.postMessage("stop")
  await end
}

const run = (settings: Settings): void => {
  const tell = (told: Told): void => parentPort?.postMessage(told)
  const fiber = Effect.runFork(
    keepFolding({
      onFolded: (...fold) => tell({ folded: foldCounts(...fold) }),
      onFault: (fault) => tell({ fault }),
      keepMillis: keepMillisOf(settings),
    }).pipe(
      Effect.provideService(FoldHelpers, foldProcesses(settings, { besideGateways: true })),
      Effect.provide(Layer.merge(readableLog(settings), store(settings))),
      traced(settings, "projector"),
      logged(settings, "projector"),
    ),
  )
  parentPort?.on("message", () => {
    void Effect.runPromise(Fiber.interrupt(fiber)).then(() => parentPort?.close())
  })
  // What was not told to stop has failed, such as where an engine could not be opened. Thrown, it ends the thread.
  void Effect.runPromise(Fiber.await(fiber)).then((exit) => {
    if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return
    const fault = Cause.squash(exit.cause)
    // Of an error of a class of our own nothing readable would arrive at the other thread.
    throw new Error(fault instanceof Error ? fault.message : String(fault))
  })
}

if (!isMainThread && parentPort !== null && isSettings(workerData)) run(workerData)

function isSettings(data: unknown): data is Settings {
  return typeof data === "object" && data !== null && "dataDir" in data
}
