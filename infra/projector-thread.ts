/** The projector in a thread of its own, so that folding holds up neither sockets nor reads. */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"
import { Effect, Fiber, Layer } from "effect"
import { project } from "../projections/worker.ts"
import { type Engines, readableLog, store } from "./engines.ts"

/** Folds until the scope closes; a thread that dies is replaced, for the checkpoint tells where to go on. */
export const projectorThread = (engines: Engines) =>
  Effect.forkScoped(
    Effect.gen(function* () {
      const worker = yield* Effect.acquireRelease(
        Effect.sync(() => new Worker(new URL(import.meta.url), { workerData: engines satisfies Engines, resourceLimits })),
        (worker) => Effect.promise(() => stopped(worker)),
      )
      const reason = yield* Effect.promise(() => ended(worker))
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

const run = (engines: Engines): void => {
  const fiber = Effect.runFork(project().pipe(Effect.provide(Layer.merge(readableLog(engines), store(engines)))))
  parentPort?.on("message", () => {
    void Effect.runPromise(Fiber.interrupt(fiber)).then(() => parentPort?.close())
  })
}

if (!isMainThread && parentPort !== null && areEngines(workerData)) run(workerData)

function areEngines(data: unknown): data is Engines {
  return typeof data === "object" && data !== null && "dataDir" in data
}
