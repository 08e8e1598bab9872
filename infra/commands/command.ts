import { constants } from "node:os"
import { Cause, Effect, Exit, Fiber } from "effect"
import { logged } from "../observe/logging.ts"

export interface Option {
  readonly type: "string" | "boolean"
  readonly says: string
  /** What stands for its value in the help. */
  readonly value?: string
}

/** One command of the command line. */
export interface Command {
  readonly summary: string
  /** What it does, with an example; ends with a newline. */
  readonly help: string
  readonly options: Readonly<Record<string, Option>>
  /** What stands after the options, such as `list | show <position>`; nothing may where it is missing. */
  readonly words?: string
  /** Answers the exit code: 0 done, 1 failed or found a difference, 2 asked wrongly. */
  readonly run: (options: Readonly<Record<string, string | boolean>>, words: readonly string[]) => Promise<number>
}

/**
 * Runs a command's effect until it is done or the process is told to end (then its scopes close first). The code of one that
 * was ended says so, as a shell does: whoever waits for a verification or a job must not take it for done.
 */
export const runCommand = (effect: Effect.Effect<number, unknown>): Promise<number> =>
  runUntil(effect, (signal) => 128 + constants.signals[signal])

/** As {@link runCommand}, for what goes on until it is told to end. */
export const runUntilTold = (effect: Effect.Effect<number, unknown>): Promise<number> => runUntil(effect, () => 0)

type Signal = "SIGINT" | "SIGTERM"

const runUntil = async (effect: Effect.Effect<number, unknown>, codeOf: (told: Signal) => number): Promise<number> => {
  let told: Signal = "SIGTERM"
  const stop = (signal: Signal): void => {
    told = signal
    void Effect.runPromise(Fiber.interrupt(fiber))
  }
  // Before the effect begins: what it does at once, such as to say that it is ready, may be answered by a signal at once.
  process.once("SIGINT", () => stop("SIGINT"))
  process.once("SIGTERM", () => stop("SIGTERM"))
  // What is worth a warning must not stand between the lines of the answer. What serves has settings of its own for its logs.
  const fiber = Effect.runFork(logged({ logLevel: "warn", logFormat: "text" }, "matyan")(effect))
  const exit = await Effect.runPromise(Fiber.await(fiber))
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.hasInterruptsOnly(exit.cause)) return codeOf(told)
  process.stderr.write(`matyan: ${reasonOf(Cause.squash(exit.cause))}\n`)
  return 1
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== error.message
    ? `${error.message} (${error.cause.message})`
    : error.message
}
