/** Processes that help to fold a long log into the embedded store. */
import { type ChildProcess, fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { type Context, Effect } from "effect"
import type { Errand, FoldHelpers, Help } from "../projections/fold-helpers.ts"
import type { FoldWork, Taken } from "../projections/fold-work.ts"
import type { FoldedPart } from "../projections/folded-part.ts"
import type { Settings } from "./config.ts"

export interface FoldProcessesOptions {
  /** The folder of a store that is dropped after use; that of the settings by default. */
  readonly scratch?: string
  /** One core is left to the gateways beside, where nobody has said how many fold. */
  readonly besideGateways?: boolean
}

/** What a helper is told first. */
export interface Told {
  readonly settings: Settings
  readonly scratch: string | undefined
  readonly errand: Errand
}

/** What it says: that it would take something, what it has folded, and what it gives back. */
export type Said = { readonly asks: true } | { readonly folded: FoldedPart } | { readonly part: number; readonly reached: number }

/** What it hears when it has asked: null where there is nothing more. */
export interface Given {
  readonly taken: Taken | null
}

/** A process takes half a second to begin, and folds slowly at first. */
const leastMillis = 2_000

/**
 * The helpers of a process. They are processes, not threads: threads of one process were found to slow each other by a third.
 * FoundationDB's store is on other machines, and nobody helps there.
 */
export const foldProcesses = (
  settings: Settings,
  { scratch, besideGateways = false }: FoldProcessesOptions = {},
): Context.Service.Shape<typeof FoldHelpers> => {
  const { foldProcesses: wanted = availableParallelism() - (besideGateways ? 1 : 0) } = settings
  const count = scratch === undefined && settings.store !== "lmdb" ? 0 : wanted - 1
  const help: Help = (errand, work, onFolded) =>
    Effect.forEach(Array.from({ length: count }), () => helped({ settings, scratch, errand }, work, onFolded), {
      concurrency: "unbounded",
      discard: true,
    })
  return { help: count > 0 ? help : null, leastMillis }
}

const program = fileURLToPath(new URL("fold-process.ts", import.meta.url))

const helped = (told: Told, work: FoldWork, onFolded: (folded: FoldedPart) => void): Effect.Effect<void> =>
  Effect.gen(function* () {
    const helper = yield* Effect.acquireRelease(
      Effect.sync(() => new Helper(told, work, onFolded)),
      (helper) => Effect.promise(() => helper.stop()),
    )
    const fault = yield* Effect.promise(() => helper.ended)
    if (fault !== null)
      yield* Effect.logWarning("a process that helped to fold has failed; what it left is folded without it", fault)
  }).pipe(Effect.scoped)

class Helper {
  /** What it died of; null where it was done. */
  readonly ended: Promise<string | null>
  readonly #child: ChildProcess
  readonly #work: FoldWork
  readonly #onFolded: (folded: FoldedPart) => void
  /** The parts that it has. */
  readonly #held = new Set<number>()
  #hasAsked = false

  constructor(told: Told, work: FoldWork, onFolded: (folded: FoldedPart) => void) {
    this.#work = work
    this.#onFolded = onFolded
    this.#child = fork(program, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // As all that folds (package.json): what was folded is garbage soon.
      execArgv: ["--max-semi-space-size=16"],
    })
    this.#child.on("message", (said: Said) => this.#hear(said))
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message))
      this.#child.once("exit", (code, signal) => resolve(code === 0 ? null : `it ended with ${signal ?? code}`))
    }).then((fault) => {
      for (const part of this.#held) work.giveBack(part, Number.POSITIVE_INFINITY)
      return fault as string | null
    })
    this.#child.send(told satisfies Told, () => undefined)
  }

  /** It ends by itself once nobody listens to it; before it has asked for anything it may be ended at any moment. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    if (!this.#hasAsked) this.#child.kill("SIGKILL")
    else if (this.#child.connected) this.#child.disconnect()
    await this.ended
  }

  #hear(said: Said): void {
    if ("folded" in said) this.#onFolded(said.folded)
    else if ("part" in said) {
      this.#held.delete(said.part)
      this.#work.giveBack(said.part, said.reached)
    } else {
      this.#hasAsked = true
      const taken = this.#work.take() ?? null
      if (taken !== null) this.#held.add(taken.part)
      this.#child.send({ taken } satisfies Given, () => undefined)
    }
  }
}
