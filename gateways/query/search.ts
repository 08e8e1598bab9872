/** One request's search: which runs, or sequences of runs, a query means, in the order they are shown in. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { type Budget, type Query, QueryTooDear } from "../../domain/query/index.ts"
import { candidatesOf } from "../../projections/plan-executor.ts"
import type { Rows } from "../../projections/rows.ts"
import type { TraceView } from "../../projections/run-view.ts"
import { compareDates, type DatedRun, sortedByDate } from "../../projections/search-dates.ts"
import { factsOf, type LoadedRun, type NeededParts, RunLoader, sequenceFacts } from "../../projections/search-facts.ts"
import { runsOf, sortedById } from "../../projections/search-sets.ts"
import { HttpFault } from "./errors.ts"
import type { Gateway } from "./gateway.ts"
import { byDate, compareValues, isByDate, type SortKey, sortValues } from "./search-sort.ts"
import { clientSignal, rowsInTurns, Turns } from "./streaming.ts"

/** What searches are given of the gateway. */
export type SearchGateway = Pick<Gateway, "read" | "clock" | "blobSecret">

/** A run, and which of its sequences match. */
export interface SequenceMatch {
  readonly run: string
  readonly isMatch: (trace: TraceView) => boolean
}

/** One view is read for at most this long: FoundationDB ends what takes 5 seconds, and LMDB keeps the pages of old views. */
const viewMs = 2_000

/** What a search may cost: steps of evaluation, and time. */
const mostSteps = 200_000_000
const mostMs = 60_000

export class Search {
  readonly query: Query
  readonly #gateway: SearchGateway
  readonly #log: FastifyRequest["log"]
  readonly #turns: Turns
  readonly #budget: Budget = { steps: mostSteps }
  readonly #end = performance.now() + mostMs

  constructor(gateway: SearchGateway, query: Query, request: FastifyRequest, reply: FastifyReply) {
    this.query = query
    this.#gateway = gateway
    this.#log = request.log
    this.#turns = new Turns(clientSignal(reply))
  }

  /** Reads in one view; the body gives others their turn between runs by {@link turn}, and gives it in long ranges. */
  read<A>(body: (rows: Rows) => Promise<A>): Promise<A> {
    return this.#gateway.read((rows) => body(rowsInTurns(rows, this.#turns)))
  }

  turn(): Promise<void> {
    return this.#turns.give()
  }

  /** The first `most` matching runs, newest first, of those that come after one. */
  async newest(most: number, after: DatedRun | null): Promise<readonly DatedRun[]> {
    const { runs, exact } = await this.#dated(true)
    const left = after === null ? runs : runs.filter((run) => compareDates(run, after) < 0)
    if (exact) return left.slice(0, most)
    const found = new Set<string>()
    await this.#each(left.map(idOf), this.query.needs, (loaded) => {
      if (this.#matches(loaded)) found.add(loaded.fields.id)
      return found.size < most
    })
    return left.filter(({ run }) => found.has(run))
  }

  /** The matching runs in order. */
  async runs(sort: readonly SortKey[]): Promise<readonly string[]> {
    const { runs, exact } = await this.#candidates(sort)
    const isDate = isByDate(sort)
    if (exact && isDate) return runs
    const now = this.#gateway.clock()
    const found: { readonly run: string; readonly values: readonly (string | number)[] }[] = []
    await this.#each(runs, exact ? fieldsOnly : this.query.needs, (loaded) => {
      if (exact || this.#matches(loaded))
        found.push({ run: loaded.fields.id, values: isDate ? [] : sortValues(sort, loaded, now) })
      return true
    })
    if (!isDate) found.sort((a, b) => compareValues(sort, a.values, b.values))
    return found.map(idOf)
  }

  /** The runs with matching sequences among those that are shown, newest first. */
  async sequences(shows: (trace: TraceView) => boolean): Promise<readonly SequenceMatch[]> {
    const { runs, exact } = await this.#candidates(byDate)
    const { needs, traceNames } = this.query
    const found: SequenceMatch[] = []
    await this.#each(runs, { ...needs, metrics: true }, (loaded) => {
      const facts = factsOf(loaded)
      const shown = (loaded.traces ?? []).filter((trace) => shows(trace) && traceNames?.has(trace.name) !== false)
      const holds = (trace: TraceView) =>
        this.#tooDearAsFault(() => this.query.matches({ run: facts, sequence: sequenceFacts(trace) }, this.#budget))
      // A query that does not look at the sequence is as true of one as of another.
      const matching = needs.sequence ? shown.filter(holds) : exact || shown.slice(0, 1).every(holds) ? shown : []
      const keys = new Set(matching.map(keyOf))
      if (keys.size > 0) found.push({ run: loaded.fields.id, isMatch: (trace) => keys.has(keyOf(trace)) })
      return true
    })
    return found
  }

  /** Does something with one run; where its rows cannot be read that is told in the log, and the others have their answer. */
  async orLeftOut<A>(run: string, act: () => Promise<A>): Promise<A | undefined> {
    try {
      return await act()
    } catch (error) {
      if (error instanceof HttpFault || (error instanceof Error && "_tag" in error)) throw error
      this.#log.warn({ run, error }, "a run cannot be read and is left out of an answer")
      return undefined
    }
  }

  async #candidates(sort: readonly SortKey[]): Promise<{ readonly runs: readonly string[]; readonly exact: boolean }> {
    if (isByDate(sort)) {
      const { runs, exact } = await this.#dated(sort[0]?.descending === true)
      return { runs: runs.map(idOf), exact }
    }
    return this.read(async (rows) => {
      const { set, exact } = await candidatesOf(rows, this.query.plan)
      return { runs: sortedById(await runsOf(set)), exact }
    })
  }

  #dated(descending: boolean): Promise<{ readonly runs: readonly DatedRun[]; readonly exact: boolean }> {
    return this.read(async (rows) => {
      const { set, exact } = await candidatesOf(rows, this.query.plan)
      return { runs: await sortedByDate(rows, await runsOf(set), descending), exact }
    })
  }

  /** Loads one run after the other until `visit` answers false. */
  async #each(runs: readonly string[], needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    for (let next = 0; next < runs.length;)
      next = await this.read(async (rows) => {
        const loader = new RunLoader(rows)
        const until = performance.now() + viewMs
        let i = next
        for (; i < runs.length && performance.now() < until; i++) {
          const goesOn = await this.orLeftOut(runs[i]!, async () => {
            const loaded = await loader.load(runs[i]!, needs)
            return loaded === undefined || visit(loaded)
          })
          if (goesOn === false) return runs.length
          await this.#searchTurn()
        }
        return i
      })
  }

  #matches(loaded: LoadedRun): boolean {
    return this.#tooDearAsFault(() => this.query.matches({ run: factsOf(loaded) }, this.#budget))
  }

  #tooDearAsFault<A>(act: () => A): A {
    try {
      return act()
    } catch (error) {
      if (error instanceof QueryTooDear) throw tooDear(error.message)
      throw error
    }
  }

  async #searchTurn(): Promise<void> {
    if (performance.now() > this.#end) throw tooDear(`The query takes longer than ${mostMs / 1_000} seconds`)
    await this.turn()
  }
}

const tooDear = (why: string): HttpFault => new HttpFault(422, `${why}; ask for less, or for what an index knows`)

const idOf = ({ run }: { readonly run: string }): string => run

const keyOf = ({ contextId, name }: TraceView): string => `${contextId}/${name}`

const fieldsOnly: NeededParts = { attributes: false, metrics: false, tags: false }
