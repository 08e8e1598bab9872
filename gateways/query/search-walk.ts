/** Reads runs for a search: in views that end, giving others their turn, while its client is there and its time lasts. */
import type { FastifyReply, FastifyRequest } from "fastify"
import type { Rows } from "../../projections/rows.ts"
import { type RunProps, type RunSummary, summaries } from "../../projections/run-summary.ts"
import type { DatedRun } from "../../projections/search-dates.ts"
import { type LoadedRun, type NeededParts, RunLoader } from "../../projections/search-facts.ts"
import { HttpFault } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { clientSignal, rowsInTurns, Turns } from "./streaming.ts"

/** What searches are given of the gateway. */
export type SearchGateway = Pick<Gateway, "read" | "clock" | "blobSecret">

/** What a search may cost: steps of evaluation, and time. */
export const searchLimits = { steps: 200_000_000, milliseconds: 60_000 } as const

/** One view is read for at most this long: FoundationDB ends what takes 5 seconds, and LMDB keeps the pages of old views. */
const viewMs = 2_000

/** What a plan tells; `exact` where each of the runs matches. */
export interface Told {
  readonly runs: readonly DatedRun[]
  readonly exact: boolean
}

/** Which way all runs are walked through, and behind which one. */
export interface Walk {
  readonly newestFirst: boolean
  readonly after: DatedRun | null
}

/** How far a walk through all runs is, whatever view it is in. */
interface Step {
  last: RunSummary | null
  isOver: boolean
}

/** Runs between two looks at the clock. */
const runsPerTurn = 16

export class RunWalk {
  readonly #gateway: SearchGateway
  readonly #log: FastifyRequest["log"]
  readonly #turns: Turns
  readonly #end = performance.now() + searchLimits.milliseconds
  #looked = 0

  constructor(gateway: SearchGateway, request: FastifyRequest, reply: FastifyReply) {
    this.#gateway = gateway
    this.#log = request.log
    this.#turns = new Turns(clientSignal(reply))
  }

  /** How many runs were looked at so far. */
  get looked(): number {
    return this.#looked
  }

  /**
   * Reads in one view; the body gives others their turn between runs by {@link turn}, and gives it in long ranges.
   *
   * The store may run the body again. So one that changes what is outside of it does so at once when it has read what that takes,
   * with no wait in between, and goes on from there when it is run again.
   */
  read<A>(body: (rows: Rows) => Promise<A>): Promise<A> {
    return this.#gateway.read((rows) => body(rowsInTurns(rows, this.#turns)))
  }

  turn(): Promise<void> {
    return this.#turns.give()
  }

  /** Does something with one run; where its rows cannot be read that is told in the log, and the others have their answer. */
  async orLeftOut<A>(run: string, act: () => Promise<A>): Promise<A | undefined> {
    try {
      return await act()
    } catch (error) {
      this.#leaveOut(run, error)
      return undefined
    }
  }

  /** Loads the runs that are told, or else all, one after the other until `visit` answers false. */
  each(told: Told | undefined, walk: Walk, needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    return told === undefined
      ? this.#eachOfAll(walk, needs, visit)
      : this.eachOf(
          told.runs.map(({ run }) => run),
          needs,
          visit,
        )
  }

  /** Loads runs, one after the other until `visit` answers false; those that are not there are passed over. */
  async eachOf(runs: readonly string[], needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    let next = 0
    while (next < runs.length)
      await this.read(async (rows) => {
        const loader = new RunLoader(rows)
        const until = performance.now() + viewMs
        while (next < runs.length && performance.now() < until) {
          const run = runs[next]!
          const loaded = await this.orLeftOut(run, () => loader.load(run, needs))
          next++
          if (loaded !== undefined && !this.#visit(loaded, visit)) next = runs.length
          await this.#searchTurn()
        }
      })
  }

  async #eachOfAll(walk: Walk, needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    const step: Step = { last: null, isOver: false }
    while (!step.isOver)
      await this.read(async (rows) => {
        if (step.isOver) return
        const loader = new RunLoader(rows)
        const until = performance.now() + viewMs
        for await (const chunk of summaries(rows, { ...walk, after: step.last === null ? walk.after : dated(step.last) })) {
          await this.#eachIn(chunk, loader, needs, visit, step)
          if (step.isOver || performance.now() >= until) return
        }
        step.isOver = true
      })
  }

  /** What is known is not waited for, since a promise costs as much as a simple query. */
  async #eachIn(
    chunk: readonly RunSummary[],
    loader: RunLoader,
    needs: NeededParts,
    visit: (run: LoadedRun) => boolean,
    step: Step,
  ): Promise<void> {
    for (const [i, summary] of chunk.entries()) {
      try {
        const known = loader.complete(summary, needs)
        const loaded = known instanceof Promise ? await known : known
        step.last = summary
        if (loaded !== undefined && !this.#visit(loaded, visit)) {
          step.isOver = true
          return
        }
      } catch (error) {
        this.#leaveOut(summary.id, error)
        step.last = summary
      }
      if (i % runsPerTurn === 0) await this.#searchTurn()
    }
  }

  #visit(loaded: LoadedRun, visit: (run: LoadedRun) => boolean): boolean {
    this.#looked++
    return visit(loaded)
  }

  /** Ends the search; `why` is a sentence without its point. */
  tooDear(why: string): HttpFault {
    const message = `${why} (${this.#looked} runs looked at); ask for less, or for what an index knows (explain=true tells)`
    return new HttpFault(422, message)
  }

  #leaveOut(run: string, error: unknown): void {
    if (error instanceof HttpFault || (error instanceof Error && "_tag" in error)) throw error
    this.#log.warn({ run, error }, "a run cannot be read and is left out of an answer")
  }

  async #searchTurn(): Promise<void> {
    if (performance.now() > this.#end)
      throw this.tooDear(`The query takes longer than ${searchLimits.milliseconds / 1_000} seconds`)
    await this.turn()
  }
}

export const dated = ({ id, createdAt }: RunProps): DatedRun => ({ run: id, at: createdAt })
