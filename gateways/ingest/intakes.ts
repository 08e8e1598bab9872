import { RunIntake } from "../../domain/ingest/intake.ts"
import type { IngestLimits } from "../../domain/limits.ts"

/** Runs without a connection that are remembered, and the sequences of all such runs together. */
const mostRuns = 1_000
const mostSequences = 500_000

interface Opened {
  readonly intake: RunIntake
  connections: number
}

/**
 * What is remembered of runs, shared by their connections. Of runs without one those that closed last are kept for when they come
 * back; forgetting the others loses nothing.
 */
export class Intakes {
  readonly #limits: IngestLimits
  readonly #open = new Map<string, Opened>()
  /** In the order in which they closed. */
  readonly #closed = new Map<string, RunIntake>()
  #closedSequences = 0

  constructor(limits: IngestLimits) {
    this.#limits = limits
  }

  /** The intake of a run whose connection opens. */
  open(runId: string): RunIntake {
    const opened = this.#open.get(runId) ?? { intake: this.#reopened(runId), connections: 0 }
    opened.connections++
    this.#open.set(runId, opened)
    return opened.intake
  }

  /** A connection of the run closed. */
  closed(runId: string): void {
    const opened = this.#open.get(runId)
    if (opened === undefined || --opened.connections > 0) return
    this.#open.delete(runId)
    this.#closed.set(runId, opened.intake)
    this.#closedSequences += opened.intake.sequences
    for (const [oldest, intake] of this.#closed) {
      if (this.#closed.size <= mostRuns && this.#closedSequences <= mostSequences) return
      this.#forget(oldest, intake)
    }
  }

  #reopened(runId: string): RunIntake {
    const intake = this.#closed.get(runId)
    if (intake === undefined) return new RunIntake(runId, this.#limits)
    this.#forget(runId, intake)
    return intake
  }

  #forget(runId: string, intake: RunIntake): void {
    this.#closed.delete(runId)
    this.#closedSequences -= intake.sequences
  }
}
