/** A process that helps another to fold (fold-processes.ts), until there is nothing more, or nobody who listens. */
import { Cause, Effect, Exit, Fiber, Layer } from "effect"
import type { Share } from "../projections/fold-helpers.ts"
import type { Taken } from "../projections/fold-work.ts"
import { foldErrand } from "../projections/fold-to-end.ts"
import { readableLog, store } from "./engines.ts"
import type { Given, Said, Told } from "./fold-processes.ts"
import { lmdbStore } from "./lmdb/key-value-store.ts"
import { logged } from "./observe/logging.ts"

const say = (said: Said): void => void process.send?.(said, undefined, undefined, () => undefined)

/** Asks for the next while the last is being folded: who is asked folds too, and answers when it has a moment. */
const share = (): Share => {
  const ask = (): Promise<Taken | null> =>
    new Promise((resolve) => {
      process.once("message", ({ taken }: Given) => resolve(taken))
      say({ asks: true })
    })
  let next: Promise<Taken | null> | undefined
  const take = async (): Promise<Taken | undefined> => {
    const taken = await (next ?? ask())
    next = taken === null ? undefined : ask()
    return taken ?? undefined
  }
  return { take: Effect.promise(take), giveBack: (part, reached) => say({ part, reached }) }
}

const run = ({ settings, scratch, errand }: Told): void => {
  const into = scratch === undefined ? store(settings) : lmdbStore({ folder: scratch, temporary: true })
  const fiber = Effect.runFork(
    foldErrand(errand, share(), (folded) => say({ folded })).pipe(
      Effect.provide(Layer.merge(readableLog(settings), into)),
      logged(settings, "fold"),
    ),
  )
  // Whoever asked has died, or needs no help any more.
  process.once("disconnect", () => void Effect.runPromise(Fiber.interrupt(fiber)))
  void Effect.runPromise(Fiber.await(fiber)).then((exit) => {
    if (process.connected) process.disconnect()
    if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return
    const fault = Cause.squash(exit.cause)
    process.stderr.write(`a process that helps to fold: ${fault instanceof Error ? fault.message : String(fault)}\n`)
    process.exitCode = 1
  })
}

process.once("message", (told: Told) => run(told))
