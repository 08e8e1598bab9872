/** One request's search: which runs, or sequences of runs, a query means, in the order they are shown in. */
import type { FastifyReply, FastifyRequest } from "fastify"
import { type Budget, type Query, QueryTooDear } from "../../domain/query/index.ts"
import { candidatesOf } from "../../projections/plan-executor.ts"
import type { TraceView } from "../../projections/run-view.ts"
import { compareDates, type DatedRun, sortedByDate } from "../../projections/search-dates.ts"
import { factsOf, type LoadedRun, type NeededParts, RunLoader, sequenceFacts } from "../../projections/search-facts.ts"
import { fewRunsOf } from "../../projections/search-sets.ts"
import { FirstRuns, ranked } from "./search-order.ts"
import { isByDate, type SortKey } from "./search-sort.ts"
import { dated, RunWalk, type SearchGateway, searchLimits, type Told, type Walk } from "./search-walk.ts"

export type { SearchGateway } from "./search-walk.ts"

/** A run, and which of its sequences match. */
export interface SequenceMatch {
  readonly run: string
  readonly isMatch: (trace: TraceView) => boolean
}

/** A plan that tells more runs than this is left, and the runs are walked through in their order. */
export const mostCandidates = 20_000
/** The same where a page is to be filled, which a walk does soon where many match. */
const mostForPage = 2_000

/** The runs of a page. */
export interface RunPage {
  readonly runs: readonly string[]
  /** How many runs come before the page, of `total` that match. */
  readonly first: number
  readonly total: number
}

export class Search extends RunWalk {
  readonly query: Query
  readonly #clock: SearchGateway["clock"]
  readonly #budget: Budget = { steps: searchLimits.steps }
  #told: Told | undefined

  constructor(gateway: SearchGateway, query: Query, request: FastifyRequest, reply: FastifyReply) {
    super(gateway, request, reply)
    this.query = query
    this.#clock = gateway.clock
  }

  /** How many runs an index told as candidates; null where none did, or too many. */
  get candidates(): { readonly count: number; readonly exact: boolean } | null {
    return this.#told ? { count: this.#told.runs.length, exact: this.#told.exact } : null
  }

  /** How many steps of evaluation were taken. */
  get steps(): number {
    return searchLimits.steps - this.#budget.steps
  }

  /** The first `most` matching runs, newest first, of those that come after one. */
  async newest(most: number, after: DatedRun | null): Promise<readonly DatedRun[]> {
    const told = await this.#toldBy(true, Number.isFinite(most) ? mostForPage : mostCandidates)
    const left = told && after !== null ? { ...told, runs: told.runs.filter((run) => compareDates(run, after) < 0) } : told
    if (left?.exact === true) return left.runs.slice(0, most)
    const found: DatedRun[] = []
    await this.#visit(left, { newestFirst: true, after }, this.query.needs, ({ fields }) => {
      found.push(dated(fields))
      return found.length < most
    })
    return found
  }

  /** The matching runs in order, after the run `offset` where it is not "", at most `limit` where it is not 0. */
  async page(sort: readonly SortKey[], limit: number, offset: string): Promise<RunPage> {
    const most = limit === 0 ? Infinity : limit
    return isByDate(sort) ? this.#pageByDate(sort[0]?.descending === true, most, offset) : this.#pageBy(sort, most, offset)
  }

  /** The runs with matching sequences among those that are shown, newest first. */
  async sequences(shows: (trace: TraceView) => boolean): Promise<readonly SequenceMatch[]> {
    const told = await this.#toldBy(true, mostCandidates)
    const { needs, traceNames } = this.query
    const found: SequenceMatch[] = []
    const visit = (loaded: LoadedRun) => {
      const facts = factsOf(loaded)
      const shown = (loaded.traces ?? []).filter((trace) => shows(trace) && traceNames?.has(trace.name) !== false)
      const holds = (trace: TraceView) =>
        this.#tooDearAsFault(() => this.query.matches({ run: facts, sequence: sequenceFacts(trace) }, this.#budget))
      // A query that does not look at the sequence is as true of one as of another.
      const matching = needs.sequence ? shown.filter(holds) : told?.exact === true || shown.slice(0, 1).every(holds) ? shown : []
      const keys = new Set(matching.map(keyOf))
      if (keys.size > 0) found.push({ run: loaded.fields.id, isMatch: (trace) => keys.has(keyOf(trace)) })
      return true
    }
    await this.each(told, { newestFirst: true, after: null }, { ...needs, metrics: true }, visit)
    return found
  }

  async #pageByDate(newestFirst: boolean, most: number, offset: string): Promise<RunPage> {
    const told = await this.#toldBy(newestFirst, mostCandidates)
    const runs: string[] = []
    let [first, total] = [offset === "" ? 0 : Infinity, 0]
    const add = (run: string) => {
      if (total++ >= first && runs.length < most) runs.push(run)
      if (run === offset) first = total
      return true
    }
    if (told?.exact === true) for (const { run } of told.runs) add(run)
    else await this.#visit(told, { newestFirst, after: null }, this.query.needs, ({ fields }) => add(fields.id))
    return { runs, first: Math.min(first, total), total }
  }

  async #pageBy(sort: readonly SortKey[], most: number, offset: string): Promise<RunPage> {
    const now = this.#clock()
    const last = offset === "" ? undefined : await this.read((rows) => new RunLoader(rows).load(offset, fieldsOnly))
    const told = await this.#toldBy(true, mostCandidates)
    const found = new FirstRuns(sort, most, last === undefined ? null : ranked(sort, last, now))
    const needs = told?.exact === true ? fieldsOnly : this.query.needs
    await this.#visit(told, { newestFirst: true, after: null }, needs, (run) => {
      found.add(ranked(sort, run, now))
      return true
    })
    const { total, before } = found
    // Nothing comes behind a run that is not there.
    if (offset !== "" && last === undefined) return { runs: [], first: total, total }
    return { runs: found.take().map(({ run }) => run), first: before, total }
  }

  /** The runs that the plan tells in the order of their dates; undefined where they are too many to be worth it. */
  async #toldBy(newestFirst: boolean, most: number): Promise<Told | undefined> {
    return (this.#told = await this.read(async (rows) => {
      const { set, exact } = await candidatesOf(rows, this.query.plan)
      const runs = await fewRunsOf(set, most)
      return runs === undefined ? undefined : { runs: await sortedByDate(rows, runs, newestFirst), exact }
    }))
  }

  /** As {@link RunWalk.each}, for matching runs. */
  #visit(told: Told | undefined, walk: Walk, needs: NeededParts, visit: (run: LoadedRun) => boolean): Promise<void> {
    const isMatch = told?.exact === true ? () => true : (loaded: LoadedRun) => this.#matches(loaded)
    return this.each(told, walk, needs, (loaded) => !isMatch(loaded) || visit(loaded))
  }

  #matches(loaded: LoadedRun): boolean {
    return this.#tooDearAsFault(() => this.query.matches({ run: factsOf(loaded) }, this.#budget))
  }

  #tooDearAsFault<A>(act: () => A): A {
    try {
      return act()
    } catch (error) {
      if (error instanceof QueryTooDear) throw this.tooDear(error.message)
      throw error
    }
  }
}

const keyOf = ({ contextId, name }: TraceView): string => `${contextId}/${name}`

const fieldsOnly: NeededParts = { attributes: false, metrics: false, tags: false }
