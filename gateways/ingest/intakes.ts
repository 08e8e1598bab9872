import { RunIntake } from "../../domain/ingest/intake.ts"
import type { IngestLimits } from "../../domain/limits.ts"

/** Runs that are remembered, and the sequences of all of them together. */
const mostRuns = 10_000
const mostSequences = 500_000

/** What is remembered of runs, shared by their connections; the least recently opened are forgotten, which loses nothing. */
export class Intakes {
  readonly #limits: IngestLimits
  readonly #byRun = new Map<string, { readonly intake: RunIntake; counted: number }>()
  #sequences = 0

  constructor(limits: IngestLimits) {
    this.#limits = limits
  }

  /** The intake of a run whose connection opens. */
  open(runId: string): RunIntake {
    const entry = this.#byRun.get(runId) ?? { intake: new RunIntake(runId, this.#limits), counted: 0 }
    this.#byRun.delete(runId)
    this.#byRun.set(runId, entry)
    this.#forgetSome()
    return entry.intake
  }

  /** A connection of the run closed: what it has grown by is counted. */
  closed(runId: string): void {
    const entry = this.#byRun.get(runId)
    if (entry === undefined) return
    this.#sequences += entry.intake.sequences - entry.counted
    entry.counted = entry.intake.sequences
    this.#forgetSome()
  }

  #forgetSome(): void {
    for (const [runId, { counted }] of this.#byRun) {
      if (this.#byRun.size <= mostRuns && this.#sequences <= mostSequences) return
      this.#byRun.delete(runId)
      this.#sequences -= counted
    }
  }
}
